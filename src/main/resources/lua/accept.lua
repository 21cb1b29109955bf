#!lua
-- accept: stores a job and its place in the queue, or says why not.
-- A full Redis (maxmemory) refuses this script as a whole: it has no allow-oom flag.
-- KEYS  1 job  2 ready  3 wake  4 owner-sum  5 owner-kept  6 idem  7 deadline  8 stats
-- ARGV  1 prefix  2 id  3 owner  4 queue  5 priority  6 spec  7 limits  8 max_starts  9 retention_ms
--       10 queue time-out in ms  11 interactive 0|1  12 bus address of the accepting node
--       13 most jobs queued  14 most live jobs of one owner  15 idempotency hash or ''  16 fingerprint of the request
--       17 most bytes of queued requests  18 most bytes stored of one owner
--       19 ms between two posts of one owner, as a mean (0: no limit)  20 how many may come at once
--       21 version of the payload
-- REPLY {'OK', time, position from 0} | {'SAME', id} | {'OTHER'} | {'QUEUE_FULL', depth, retry} | {'QUEUE_BYTES', bytes, retry} |
--       {'OWNER_FULL', live, retry} | {'OWNER_BYTES', bytes, retry} | {'RATE', 0, retry} | {'STORE_FULL', 0, retry};
--       retry: in so many ms it may succeed
local id, owner, queue = ARGV[2], ARGV[3], ARGV[4]
-- A job costs Redis about so much beside its request, its output and its files.
local bytes = #ARGV[6] + 2000
if ARGV[15] ~= '' then
  local seen = redis.call('HMGET', KEYS[6], 'id', 'fingerprint')
  if seen[1] then
    if seen[2] == ARGV[16] then return {'SAME', seen[1]} end
    return {'OTHER'}
  end
end
local now = now_ms()
local stats = redis.call('HMGET', KEYS[8], 'tag', 'full', 'queued_bytes', 'accepted', 'running_interactive', 'interactive_slots',
  'slots', 'run_ms')
-- About when the next place is free: when the next running job ends.
local soon = int(round(math.max(1000, num(stats[8]) / math.max(1, num(stats[7])))))
local function refuse(why, figure, retry)
  redis.call('HINCRBY', KEYS[8], 'refused:' .. why, 1)
  return {why, figure, retry}
end
if stats[2] == '1' then return refuse('STORE_FULL', 0, '30000') end

local sum = redis.call('HMGET', KEYS[4], 'tag', 'bytes', 'posts_until', 'live', 'until')
-- The rate is a virtual time (GCRA): each post moves it on; it may be so far ahead of the clock as posts may come at once.
local step, posts_until = num(ARGV[19]), 0
if step > 0 then
  posts_until = math.max(now, num(sum[3])) + step
  local ahead = posts_until - now - step * num(ARGV[20])
  if ahead > 0 then return refuse('RATE', 0, int(math.ceil(ahead))) end
end

local depth = redis.call('ZCARD', KEYS[7])
if depth >= num(ARGV[13]) then return refuse('QUEUE_FULL', depth, soon) end
local queued_bytes = (depth > 0 and num(stats[3]) or 0) + bytes
if queued_bytes > num(ARGV[17]) then return refuse('QUEUE_BYTES', num(stats[3]), soon) end
local live = num(sum[4])
if live >= num(ARGV[14]) then return refuse('OWNER_FULL', live, soon) end

-- A kept job has expired by itself; here its bytes are taken off the owner's account. One job comes, many may go.
local stored = num(sum[2])
for _, kept in ipairs(redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', int(now), 'LIMIT', 0, 100)) do
  redis.call('ZREM', KEYS[5], kept)
  stored = stored - num(string.match(kept, '|(%d+)$'))
end
if stored + bytes > num(ARGV[18]) then
  if stored ~= num(sum[2]) then redis.call('HSET', KEYS[4], 'bytes', int(stored)) end
  local next = redis.call('ZRANGE', KEYS[5], 0, 0, 'WITHSCORES')
  return refuse('OWNER_BYTES', stored, next[2] and int(math.max(1000, num(next[2]) - now)) or soon)
end

-- Start-time fair queueing: the owner's jobs follow one another, new owners start at the tag last claimed. Tags are
-- one count for all queues: an owner may use several, and a runner compares its queues by them.
local tag = math.max(num(stats[1]), num(sum[1])) + 1
local score = tag + 1000 * num(ARGV[5])
redis.call('HSET', KEYS[4], 'tag', int(tag), 'posts_until', int(round(posts_until)), 'bytes', int(stored + bytes),
  'live', int(live + 1))
local expiry = later(sum[5], now + num(ARGV[10]) + num(ARGV[9]) + DAY_MS)
if expiry then
  redis.call('HSET', KEYS[4], 'until', int(expiry))
  redis.call('PEXPIREAT', KEYS[4], int(expiry))
  redis.call('PEXPIREAT', KEYS[5], int(expiry))
end
-- What is not there counts as 0.
redis.call('HSET', KEYS[1], 'v', ARGV[21], 'owner', owner, 'queue', queue, 'status', 'QUEUED', 'max_starts', ARGV[8],
  'tag', int(tag), 'score', int(score), 'spec', ARGV[6], 'limits', ARGV[7], 'retention_ms', ARGV[9],
  'queue_timeout_ms', ARGV[10], 'accepted_by', ARGV[12], 'created_at', int(now), 'spec_bytes', int(bytes))
if ARGV[11] == '1' then redis.call('HSET', KEYS[1], 'interactive', '1') end
if ARGV[15] ~= '' then
  redis.call('HSET', KEYS[6], 'id', id, 'fingerprint', ARGV[16])
  redis.call('HSET', KEYS[1], 'idem', ARGV[15])
end
redis.call('ZADD', KEYS[2], int(score), id)
redis.call('ZADD', KEYS[7], int(now + num(ARGV[10])), id)
redis.call('HSET', KEYS[8], 'queued_bytes', int(queued_bytes), 'accepted', int(num(stats[4]) + 1))
wake(queue)
return {'OK', int(now), redis.call('ZRANK', KEYS[2], id), unpack(pace(ARGV[11], unpack(stats, 5)))}
