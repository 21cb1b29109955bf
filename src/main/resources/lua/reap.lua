#!lua flags=allow-oom
-- reap: jobs whose lease has ended go back to their old place in the queue, or end; so do jobs queued for too long.
-- KEYS  1 lease  2 deadline  3 stats
-- ARGV  1 prefix  2 most jobs of one call  3 reap leases 0|1 (0: Redis has just come back, the living may still renew)
--       4 result (JSON) WORKER_LOST  5 result (JSON) QUEUE_TIMEOUT  6 result (JSON) of a cancelled job
-- REPLY {id, what, id, what, …}; what is REQUEUED, LOST, TIMEOUT or CANCELLED
local now = now_ms()
local done = {}
local function tell(id, what)
  done[#done + 1] = id
  done[#done + 1] = what
  redis.call('HINCRBY', KEYS[3], 'reaped:' .. what, 1)
end
local function give_up(id, result, why)
  end_job(id, now, 'ERROR', result, '*')
  redis.call('XADD', P .. 'dead', 'MAXLEN', '~', 10000, '*', 'id', id, 'why', why)
end
local ended = {}
if ARGV[3] == '1' then ended = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, num(ARGV[2])) end
for _, id in ipairs(ended) do
  local j = redis.call('HMGET', job_key(id), 'status', 'starts', 'max_starts', 'interactive', 'cancel', 'fence', 'score',
    'runtime', 'started_at', 'queue_timeout_ms')
  redis.call('ZREM', KEYS[1], id)
  if j[1] == 'RUNNING' then
    if j[5] then
      end_job(id, now, 'CANCELLED', ARGV[6], '*')
      tell(id, 'CANCELLED')
    elseif j[4] == '1' or num(j[2]) >= num(j[3]) then
      give_up(id, ARGV[4], 'WORKER_LOST')
      tell(id, 'LOST')
    else
      requeue(id, now, {j[6], j[7], j[8], j[9], j[10]})
      tell(id, 'REQUEUED')
    end
  end
end
local late = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', int(now), 'LIMIT', 0, num(ARGV[2]))
for _, id in ipairs(late) do
  local j = redis.call('HMGET', job_key(id), 'status', 'runtime')
  redis.call('ZREM', KEYS[2], id)
  if j[1] == 'QUEUED' then
    redis.call('ZREM', P .. 'ready:' .. j[2], id)
    give_up(id, ARGV[5], 'QUEUE_TIMEOUT')
    tell(id, 'TIMEOUT')
  end
end
return done
