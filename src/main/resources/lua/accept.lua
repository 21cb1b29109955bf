#!lua
-- accept: stores a job and its place in the queue, or says why not.
-- A full Redis (maxmemory) refuses this script as a whole: it has no allow-oom flag.
-- KEYS  1 job  2 log  3 ready  4 wake  5 owner  6 owner-sum  7 idem  8 deadline  9 stats
-- ARGV  1 prefix  2 id  3 owner  4 runtime  5 priority  6 spec  7 limits  8 max_starts  9 retention_ms
--       10 queue time-out in ms  11 interactive 0|1  12 bus address of the accepting node
--       13 most jobs queued  14 most live jobs of one owner  15 idempotency hash or ''  16 fingerprint of the request
-- REPLY {'OK', time} | {'SAME', id} | {'OTHER'} | {'QUEUE_FULL', depth} | {'OWNER_FULL', live}
local id, owner, runtime = ARGV[2], ARGV[3], ARGV[4]
if ARGV[15] ~= '' then
  local seen = redis.call('HMGET', KEYS[7], 'id', 'fingerprint')
  if seen[1] then
    if seen[2] == ARGV[16] then return {'SAME', seen[1]} end
    return {'OTHER'}
  end
end
local depth = redis.call('ZCARD', P .. 'deadline')
if depth >= num(ARGV[13]) then
  redis.call('HINCRBY', KEYS[9], 'refused:queue', 1)
  return {'QUEUE_FULL', depth}
end
local live = redis.call('ZCARD', KEYS[5])
if live >= num(ARGV[14]) then
  redis.call('HINCRBY', KEYS[9], 'refused:owner', 1)
  return {'OWNER_FULL', live}
end
local now = now_ms()
-- Start-time fair queueing: the owner's jobs follow one another, new owners start at the tag last claimed. Tags are
-- one count for all runtimes: an owner may use several, and a runner compares its queues by them.
local last_claimed = num(redis.call('HGET', KEYS[9], 'tag'))
local tag = math.max(last_claimed, num(redis.call('HGET', KEYS[6], 'tag'))) + 1
local score = tag + 1000 * num(ARGV[5])
redis.call('HSET', KEYS[6], 'tag', int(tag))
redis.call('PEXPIRE', KEYS[6], 86400000)
redis.call('HSET', KEYS[1], 'v', '1', 'owner', owner, 'runtime', runtime, 'status', 'QUEUED', 'fence', '0',
  'starts', '0', 'max_starts', ARGV[8], 'tag', int(tag), 'score', int(score), 'spec', ARGV[6], 'limits', ARGV[7],
  'retention_ms', ARGV[9], 'queue_timeout_ms', ARGV[10], 'interactive', ARGV[11], 'accepted_by', ARGV[12], 'created_at', int(now),
  'stdout_bytes', '0', 'stderr_bytes', '0')
if ARGV[15] ~= '' then
  redis.call('HSET', KEYS[7], 'id', id, 'fingerprint', ARGV[16])
  redis.call('HSET', KEYS[1], 'idem', ARGV[15])
end
redis.call('XADD', KEYS[2], '0-1', 'k', 'state', 't', '0', 'd', 'QUEUED')
redis.call('ZADD', KEYS[3], int(score), id)
redis.call('ZADD', KEYS[5], int(now), id)
redis.call('ZADD', KEYS[8], int(now + num(ARGV[10])), id)
redis.call('HINCRBY', KEYS[9], 'accepted', 1)
wake(runtime)
return {'OK', int(now)}
