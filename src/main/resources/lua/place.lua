#!lua flags=allow-oom
-- place: where a queued job stands, and what its start can be estimated from. It also mends what should never happen, a
-- job that no set knows: a queued one is queued again, and a running one without a lease counts as lost. What a newer
-- release has accepted is left to its nodes; where this one does not find it, it is told to be the last.
-- KEYS  1 job  2 lease  3 deadline  4 stats
-- ARGV  1 prefix  2 id  3 newest version of the payload that the caller can read
-- REPLY {position from 0, or -1 when it is not queued, and then as pace() gives it}
local id = ARGV[2]
local j = redis.call('HMGET', KEYS[1], 'status', 'queue', 'score', 'queue_timeout_ms', 'interactive', 'v')
local rank, may_mend = -1, num(j[6]) <= num(ARGV[3])
if j[1] == 'QUEUED' then
  local ready = P .. 'ready:' .. j[2]
  if may_mend and not redis.call('ZSCORE', ready, id) then
    redis.call('ZADD', ready, j[3], id)
    redis.call('ZADD', KEYS[3], int(now_ms() + num(j[4])), id)
    redis.call('HINCRBY', KEYS[4], 'mended', 1)
    wake(j[2], 1)
  end
  rank = redis.call('ZRANK', ready, id) or redis.call('ZCARD', ready)
elseif j[1] == 'RUNNING' and may_mend and not redis.call('ZSCORE', KEYS[2], id) then
  redis.call('ZADD', KEYS[2], int(now_ms()), id)
  redis.call('HINCRBY', KEYS[4], 'mended', 1)
end
local stats = redis.call('HMGET', KEYS[4], 'running_interactive', 'interactive_slots', 'slots', 'run_ms')
return {rank, unpack(pace(j[5], unpack(stats)))}
