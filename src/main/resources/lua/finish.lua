#!lua flags=allow-oom
-- finish: stores the last output and the result of a running job, and ends it.
-- KEYS  1 job  2 log  3 lease
-- ARGV  1 prefix  2 id  3 claim token  4 fence  5 status  6 result (JSON)  7 n of the end event
--       8… events before it, each as n, kind, t, data
-- REPLY {1, id of the end event, time, expiry, n before the end, bytes of stdout, of stderr, time of a cancel or nil} |
--       {1, id of the end event} when it had ended it before | {0} the caller does not hold the job (any more)
local id = ARGV[2]
if not holds(id, ARGV[3]) then
  -- The caller may have ended it before, and not have heard so.
  local before = redis.call('HMGET', KEYS[1], 'ended_by', 'end_event')
  if before[1] == ARGV[3] then return {1, before[2]} end
  return {0}
end
local last = num(redis.call('HGET', KEYS[1], 'n'))
for i = 8, #ARGV, 4 do
  if num(ARGV[i]) > last then
    append(id, ARGV[4], ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3])
    if ARGV[i + 1] == 'out' then redis.call('HINCRBY', KEYS[1], 'stdout_bytes', #ARGV[i + 3]) end
    if ARGV[i + 1] == 'err' then redis.call('HINCRBY', KEYS[1], 'stderr_bytes', #ARGV[i + 3]) end
  end
end
local event = end_job(id, now_ms(), ARGV[5], ARGV[6], ARGV[7])
redis.call('HSET', KEYS[1], 'ended_by', ARGV[3], 'end_event', event)
local j = redis.call('HMGET', KEYS[1], 'finished_at', 'expires_at', 'n', 'stdout_bytes', 'stderr_bytes', 'cancel')
return {1, event, j[1], j[2], j[3], j[4] or '0', j[5] or '0', j[6]}
