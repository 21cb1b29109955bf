#!lua flags=allow-oom
-- claim: takes the first queued job of the given runtimes and gives it a fence, a claim token and a lease.
-- KEYS  1 lease  2 stats  3… ready:<runtime>, one for each runtime in ARGV
-- ARGV  1 prefix  2 node  3 claim token  4 lease in ms  5… runtimes, in the order of the keys
-- REPLY nil | {id, fence, starts, time, spec, cancel, accepted_by, created_at, owner}
local best, best_score, best_runtime
for i = 3, #KEYS do
  local head = redis.call('ZRANGE', KEYS[i], 0, 0, 'WITHSCORES')
  if head[1] and (not best or num(head[2]) < best_score) then
    best, best_score, best_runtime = head[1], num(head[2]), i
  end
end
if not best then return nil end
local now = now_ms()
local j = redis.call('HMGET', job_key(best), 'fence', 'tag', 'spec', 'cancel', 'accepted_by', 'created_at', 'owner')
redis.call('ZREM', KEYS[best_runtime], best)
redis.call('ZREM', P .. 'deadline', best)
if not j[1] then return nil end
-- The fence grows even over a failover that forgot a claim, because time does.
local fence = int(math.max(num(j[1]) + 1, now))
local starts = redis.call('HINCRBY', job_key(best), 'starts', 1)
redis.call('HSET', job_key(best), 'status', 'RUNNING', 'fence', fence, 'token', ARGV[3], 'node', ARGV[2],
  'started_at', int(now), 'n', '1', 'stdout_bytes', '0', 'stderr_bytes', '0')
redis.call('ZADD', KEYS[1], int(now + num(ARGV[4])), best)
if num(j[2]) > num(redis.call('HGET', KEYS[2], 'tag')) then redis.call('HSET', KEYS[2], 'tag', j[2]) end
redis.call('HINCRBY', KEYS[2], 'claimed', 1)
append(best, fence, '1', 'state', '0', 'RUNNING')
return {best, fence, starts, int(now), j[3], j[4] or '', j[5], j[6], j[7]}
