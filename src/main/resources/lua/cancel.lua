#!lua flags=allow-oom
-- cancel: a queued job ends at once; a running one is marked, and its runner learns of it with the next beat.
-- KEYS  1 job  2 ready
-- ARGV  1 prefix  2 id  3 result (JSON) for a job that has not started
-- REPLY {'GONE'} | {'ENDED'} unchanged | {'CANCELLED', bus address of the accepting node} | {'RUNNING'}
local id = ARGV[2]
local j = redis.call('HMGET', KEYS[1], 'status', 'accepted_by')
if not j[1] then return {'GONE'} end
if j[1] == 'QUEUED' then
  redis.call('ZREM', KEYS[2], id)
  end_job(id, now_ms(), 'CANCELLED', ARGV[3], '*')
  return {'CANCELLED', j[2]}
end
if j[1] == 'RUNNING' then
  redis.call('HSETNX', KEYS[1], 'cancel', int(now_ms()))
  return {'RUNNING'}
end
return {'ENDED'}
