#!lua
-- accept: stores jobs and their places in the queue, or says why not; one after the other, each for itself. One for which
-- its node keeps a slot free, and before which nobody waits, is started at once instead of being queued.
-- A full Redis (maxmemory) refuses this script as a whole: it has no allow-oom flag.
-- KEYS  1 deadline  2 stats, and of each job: job  ready  owner-sum  owner-kept  idem
-- ARGV  1 prefix  2 queue time-out in ms  3 most jobs queued  4 most bytes of queued requests
--       5 most bytes stored of one owner  6 version of the payload  7 node  8 lease in ms, and of each job:
--       id  owner  queue  priority  spec  limits  max_starts  retention_ms
--       interactive 0|1  bus address of the accepting node  idempotency hash or ''  fingerprint of the request
--       most live jobs of its owner  most of them that wait  ms between two posts of its owner, as a mean (0: no limit)  how many may come at once
--       traceparent or ''  claim token if a slot is kept for it, or ''
-- REPLY of each job {'OK', time, position from 0, as pace() gives it, and how many ms of posts its owner is ahead} |
--       the same and {fence, bytes that its owner may store beside} of one that was started at once |
--       {'SAME', id} | {'OTHER'} |
--       {'QUEUE_FULL', depth, retry} | {'QUEUE_BYTES', bytes, retry} | {'OWNER_FULL', live, retry} | {'OWNER_QUEUE', waiting, retry} |
--       {'OWNER_BYTES', bytes, retry} | {'RATE', 0, retry} | {'STORE_FULL', 0, retry}; retry: in so many ms it may succeed
local FIRST_KEY, KEYS_EACH, FIRST_ARG, ARGS_EACH = 3, 5, 9, 18
local timeout, most_queued, most_bytes, most_stored = num(ARGV[2]), num(ARGV[3]), num(ARGV[4]), num(ARGV[5])

local now = now_ms()
local stats = redis.call('HMGET', KEYS[2], 'tag', 'full', 'queued_bytes', 'accepted', 'running_interactive', 'interactive_slots',
  'slots', 'run_ms')
local depth = redis.call('ZCARD', KEYS[1])
local queued_bytes = depth > 0 and num(stats[3]) or 0
-- About when the next place is free: when the next running job ends.
local soon = int(round(math.max(1000, num(stats[8]) / math.max(1, num(stats[7])))))
local claimed_tag, accepted, deadlines, tokens, sums, paces = num(stats[1]), 0, {}, {}, {}, {}

local function refuse(why, figure, retry)
  redis.call('HINCRBY', KEYS[2], 'refused:' .. why, 1)
  return {why, figure, retry}
end

-- An owner's account. What changes of it is written at the end.
local function account(key, kept)
  if not sums[key] then
    local s = redis.call('HMGET', key, 'tag', 'bytes', 'posts_until', 'live', 'until', 'waiting')
    sums[key] = {kept = kept, tag = num(s[1]), bytes = num(s[2]), posts_until = num(s[3]), live = num(s[4]), expiry = s[5],
      waiting = num(s[6]), last = 0}
  end
  return sums[key]
end

-- A kept job has expired by itself; here its bytes are taken off the owner's account. One job comes, many may go.
local function tidy(sum)
  sum.is_tidy = true
  for _, kept in ipairs(redis.call('ZRANGEBYSCORE', sum.kept, '-inf', int(now), 'LIMIT', 0, 100)) do
    redis.call('ZREM', sum.kept, kept)
    sum.bytes = sum.bytes - num(string.match(kept, '|(%d+)$'))
    sum.changed = true
  end
end

local function accept(k, a)
  local job, ready, owner_sum, owner_kept, idem_key = unpack(KEYS, k, k + KEYS_EACH - 1)
  local id, owner, queue, priority, spec, limits, max_starts, retention, interactive, accepted_by, idem, fingerprint,
    most_live, most_waiting, step, at_once, trace, token = unpack(ARGV, a, a + ARGS_EACH - 1)
  step, most_live, most_waiting = num(step), num(most_live), num(most_waiting)
  local starts = token ~= '' and redis.call('EXISTS', ready) == 0
  -- A job costs Redis about so much beside its request, its output and its files.
  local bytes = #spec + 2000
  if idem ~= '' then
    local seen = redis.call('HMGET', idem_key, 'id', 'fingerprint')
    if seen[1] then
      if seen[2] == fingerprint then return {'SAME', seen[1]} end
      return {'OTHER'}
    end
  end
  if stats[2] == '1' then return refuse('STORE_FULL', 0, '30000') end

  local sum = account(owner_sum, owner_kept)
  -- The rate is a virtual time (GCRA): each post moves it on; it may be so far ahead of the clock as posts may come at once.
  local posts_until = 0
  if step > 0 then
    posts_until = math.max(now, sum.posts_until) + step
    local ahead = posts_until - now - step * num(at_once)
    if ahead > 0 then return refuse('RATE', 0, int(math.ceil(ahead))) end
  end
  if depth >= most_queued then return refuse('QUEUE_FULL', depth, soon) end
  if queued_bytes + bytes > most_bytes then return refuse('QUEUE_BYTES', queued_bytes, soon) end
  if sum.live >= most_live then return refuse('OWNER_FULL', sum.live, soon) end
  if sum.waiting >= most_waiting and not starts then return refuse('OWNER_QUEUE', sum.waiting, soon) end
  if not sum.is_tidy then tidy(sum) end
  if sum.bytes + bytes > most_stored then
    local next = redis.call('ZRANGE', sum.kept, 0, 0, 'WITHSCORES')
    return refuse('OWNER_BYTES', sum.bytes, next[2] and int(math.max(1000, num(next[2]) - now)) or soon)
  end

  -- Start-time fair queueing: the owner's jobs follow one another, new owners start at the tag last claimed. Tags are
  -- one count for all queues: an owner may use several, and a runner compares its queues by them.
  local tag = math.max(claimed_tag, sum.tag) + 1
  local score = int(tag + 1000 * num(priority))
  sum.tag, sum.posts_until, sum.bytes, sum.live, sum.changed = tag, posts_until, sum.bytes + bytes, sum.live + 1, true
  sum.last = math.max(sum.last, now + timeout + num(retention) + DAY_MS)
  accepted = accepted + 1
  -- What is not there counts as 0.
  redis.call('HSET', job, 'v', ARGV[6], 'owner', owner, 'queue', queue, 'status', 'QUEUED', 'max_starts', max_starts,
    'tag', int(tag), 'score', score, 'spec', spec, 'limits', limits, 'retention_ms', retention,
    'queue_timeout_ms', ARGV[2], 'accepted_by', accepted_by, 'created_at', int(now), 'spec_bytes', int(bytes))
  if interactive == '1' then redis.call('HSET', job, 'interactive', '1') end
  if trace ~= '' then redis.call('HSET', job, 'trace', trace) end
  if idem ~= '' then
    redis.call('HSET', idem_key, 'id', id, 'fingerprint', fingerprint)
    redis.call('HSET', job, 'idem', idem)
  end
  paces[interactive] = paces[interactive] or pace(interactive, unpack(stats, 5))
  local running, slots, run_ms = unpack(paces[interactive])
  local reply = {'OK', int(now), 0, running, slots, run_ms, int(math.ceil(math.max(0, posts_until - now)))}
  if starts then
    claimed_tag = tag
    reply[8] = start_job(id, nil, interactive, ARGV[7], token, now, ARGV[8])
    reply[9] = int(math.max(0, most_stored - sum.bytes))
    return reply
  end
  sum.waiting = sum.waiting + 1
  depth, queued_bytes, tokens[queue] = depth + 1, queued_bytes + bytes, (tokens[queue] or 0) + 1
  redis.call('ZADD', ready, score, id)
  deadlines[#deadlines + 1] = int(now + timeout)
  deadlines[#deadlines + 1] = id
  reply[3] = redis.call('ZRANK', ready, id)
  return reply
end

local replies = {}
for i = 0, (#KEYS - FIRST_KEY + 1) / KEYS_EACH - 1 do
  replies[i + 1] = accept(FIRST_KEY + i * KEYS_EACH, FIRST_ARG + i * ARGS_EACH)
end
for key, sum in pairs(sums) do
  if sum.changed then
    redis.call('HSET', key, 'tag', int(sum.tag), 'posts_until', int(round(sum.posts_until)), 'bytes', int(sum.bytes), 'live', int(sum.live),
      'waiting', int(sum.waiting))
    local expiry = later(sum.expiry, sum.last)
    if expiry then
      redis.call('HSET', key, 'until', int(expiry))
      redis.call('PEXPIREAT', key, int(expiry))
      redis.call('PEXPIREAT', sum.kept, int(expiry))
    end
  end
end
if accepted > 0 then
  redis.call('HSET', KEYS[2], 'queued_bytes', int(queued_bytes), 'accepted', int(num(stats[4]) + accepted))
end
if claimed_tag > num(stats[1]) then redis.call('HSET', KEYS[2], 'tag', int(claimed_tag)) end
if deadlines[1] then redis.call('ZADD', KEYS[1], unpack(deadlines)) end
for queue, count in pairs(tokens) do wake(queue, count) end
return replies
