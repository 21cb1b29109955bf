#!lua flags=allow-oom
-- claim: takes the first queued job of the given queues and gives it a fence, a claim token and a lease.
-- KEYS  1 lease  2 stats  3… ready:<queue>, one for each queue
-- ARGV  1 prefix  2 node  3 claim token  4 lease in ms  5 newest version of the payload that the caller can read
--       6 most bytes stored of one owner
-- REPLY nil, also while Redis is too full for what jobs write |
--       {id, fence, starts, time, spec, cancel, accepted_by, created_at, owner, bytes that its owner may store beside,
--        of how many of the queues something still waits, traceparent or ''}

-- The first job of a queue that the caller can read, and its score. What a newer release has accepted is left to its nodes.
local function head(ready)
  local i = 0
  while i < 32 do
    local first = redis.call('ZRANGE', ready, i, i, 'WITHSCORES')
    if not first[1] then return nil end
    local j = redis.call('HMGET', job_key(first[1]), 'v', 'status')
    if j[2] ~= 'QUEUED' then
      redis.call('ZREM', ready, first[1])
      redis.call('ZREM', P .. 'deadline', first[1])
    elseif num(j[1]) <= num(ARGV[5]) then
      return first[1], num(first[2])
    else
      i = i + 1
    end
  end
end

if redis.call('HGET', KEYS[2], 'full') == '1' then return nil end
local best, best_score, best_queue
for i = 3, #KEYS do
  local id, score = head(KEYS[i])
  if id and (not best or score < best_score) then best, best_score, best_queue = id, score, i end
end
if not best then return nil end
local now = now_ms()
local j = redis.call('HMGET', job_key(best), 'fence', 'tag', 'spec', 'cancel', 'accepted_by', 'created_at', 'owner', 'spec_bytes', 'interactive',
  'trace')
redis.call('ZREM', KEYS[best_queue], best)
redis.call('ZREM', P .. 'deadline', best)
count_waiting(j[7], -1)
local fence, starts = start_job(best, j[1], j[9], ARGV[2], ARGV[3], now, ARGV[4])
if num(j[2]) > num(redis.call('HGET', KEYS[2], 'tag')) then redis.call('HSET', KEYS[2], 'tag', j[2]) end
redis.call('HINCRBY', KEYS[2], 'queued_bytes', int(-num(j[8])))
local room = num(ARGV[6]) - num(redis.call('HGET', P .. 'owner-sum:' .. j[7], 'bytes'))
-- What has expired is only taken off when its owner posts again.
for _, kept in ipairs(redis.call('ZRANGEBYSCORE', P .. 'owner-kept:' .. j[7], '-inf', int(now), 'LIMIT', 0, 100)) do
  room = room + num(string.match(kept, '|(%d+)$'))
end
return {best, fence, starts, int(now), j[3], j[4] or '', j[5], j[6], j[7], int(math.max(0, room)),
  redis.call('EXISTS', unpack(KEYS, 3)), j[10] or ''}
