#!lua flags=allow-oom
-- emit: appends events of a running job to its log; the same event sent twice is stored once.
-- KEYS  1 job  2 log
-- ARGV  1 prefix  2 id  3 claim token  4 fence  5… events, each as n, kind, t, data
-- REPLY 1 stored | 0 the caller does not hold the job (any more)
local id = ARGV[2]
if not holds(id, ARGV[3]) then return 0 end
local last = num(redis.call('HGET', KEYS[1], 'n'))
for i = 5, #ARGV, 4 do
  if num(ARGV[i]) > last then
    last = num(ARGV[i])
    append(id, ARGV[4], ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
    if ARGV[i + 1] == 'out' then redis.call('HINCRBY', KEYS[1], 'stdout_bytes', #ARGV[i + 3]) end
    if ARGV[i + 1] == 'err' then redis.call('HINCRBY', KEYS[1], 'stderr_bytes', #ARGV[i + 3]) end
  end
end
redis.call('HSET', KEYS[1], 'n', int(last))
return 1
