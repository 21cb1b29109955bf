#!lua flags=allow-oom
-- release: gives a running job back to its old place in the queue, without counting the start. One that is to be
-- cancelled ends; an interactive one ends, since its console would begin anew.
-- KEYS  1 job  2 lease  3 deadline
-- ARGV  1 prefix  2 id  3 claim token  4 result (JSON) of a cancelled job  5 result (JSON) WORKER_LOST
-- REPLY 'NOT_HELD' the caller does not hold the job (any more) | 'REQUEUED' | 'CANCELLED' | 'LOST'
local id = ARGV[2]
if not holds(id, ARGV[3]) then return 'NOT_HELD' end
local now = now_ms()
local j = redis.call('HMGET', KEYS[1], 'fence', 'score', 'queue', 'started_at', 'queue_timeout_ms', 'spec_bytes',
  'owner', 'cancel', 'interactive')
if j[8] then
  end_job(id, now, 'CANCELLED', ARGV[4], '*')
  return 'CANCELLED'
end
if j[9] == '1' then
  end_job(id, now, 'ERROR', ARGV[5], '*')
  return 'LOST'
end
redis.call('HINCRBY', KEYS[1], 'starts', -1)
requeue(id, now, j)
return 'REQUEUED'
