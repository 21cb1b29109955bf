-- Put in after the first line of every script. ARGV[1] is always the partition's prefix, such as "onpy:{0}:";
-- every key begins with it, so that a script stays within one slot of Redis Cluster.
local P = ARGV[1]
-- Never there. While a slot is moved to another node of a cluster, key by key, this fails before the first write.
redis.call('EXISTS', P .. 'none')
local function num(x) return tonumber(x or '0') or 0 end
local function now_ms()
  local t = redis.call('TIME')
  return num(t[1]) * 1000 + math.floor(num(t[2]) / 1000)
end
-- Whole numbers beyond 2^53 do not occur: the largest is a time in ms.
local function int(x) return string.format('%d', x) end
local function round(x) return math.floor(x + 0.5) end
local function job_key(id) return P .. 'job:' .. id end
local function log_key(id) return P .. 'job:' .. id .. ':log' end
local function file_key(id, path) return P .. 'job:' .. id .. ':file:' .. path end
local function files_key(id) return P .. 'job:' .. id .. ':files' end

-- Adds one event to a job's log. The number n is the caller's or '*' (the next one).
local function append(id, fence, n, kind, t, data)
  return redis.call('XADD', log_key(id), fence .. '-' .. n, 'k', kind, 't', t, 'd', data)
end

-- The first event of all jobs is the same. It is written with the second one, and whoever reads the log of a job that has
-- not been started makes it up: an empty stream, as all of them begin, costs Redis 4 KB and a good part of an accept.
local function begin_log(id, fence)
  if not fence then append(id, '0', '1', 'state', '0', 'QUEUED') end
end

-- Wakes idle runners that have room for a job of this queue, one for each job. 64 tokens are enough to wake everybody.
local function wake(queue, jobs)
  local key = P .. 'wake:' .. queue
  for _ = 1, math.min(jobs, 64 - redis.call('LLEN', key)) do redis.call('LPUSH', key, '1') end
end

-- Gives all files of a job the expiry of the job itself.
local function expire_files(id, at)
  for _, path in ipairs(redis.call('SMEMBERS', files_key(id))) do redis.call('PEXPIREAT', file_key(id, path), at) end
  redis.call('PEXPIREAT', files_key(id), at)
end

-- Removes all files of a job.
local function drop_files(id)
  for _, path in ipairs(redis.call('SMEMBERS', files_key(id))) do redis.call('DEL', file_key(id, path)) end
  redis.call('DEL', files_key(id))
end

-- When an owner's account has to be kept until the given time: its new expiry, or nil when it is late enough. It is a day
-- later than asked for, so that few posts move it. The account's field "until" has it, and both its keys expire then.
local DAY_MS = 86400000
local function later(expiry, time) return num(expiry) < time and time + DAY_MS or nil end

-- What an owner has stored, in bytes: the requests of live jobs, and all of those that are kept. The latter stand in a
-- ZSET as "<id>|<bytes>" until their expiry; who accepts the owner's next job takes the expired ones out.
local function store_bytes(owner, bytes) return redis.call('HINCRBY', P .. 'owner-sum:' .. owner, 'bytes', int(bytes)) end

-- The mean time in ms that a job holds a slot; recent jobs count most. One that waits for a person tells nothing.
local function note_run(ms)
  local mean = redis.call('HGET', P .. 'stats', 'run_ms')
  local new = mean and num(mean) + (ms - num(mean)) / 4 or ms
  redis.call('HSET', P .. 'stats', 'run_ms', string.format('%.1f', new))
end

-- What the start of a waiting job can be estimated from: jobs that run in its kind of slots, how many such slots there
-- are, and the mean time in ms that a job holds one: nobody can tell that of interactive ones.
-- All but the first are fields of stats, under these names.
local function pace(interactive, running_interactive, interactive_slots, slots, run_ms)
  if interactive == '1' then return {int(num(running_interactive)), int(num(interactive_slots)), 0} end
  return {int(redis.call('ZCARD', P .. 'lease') - num(running_interactive)), int(num(slots)), int(round(num(run_ms)))}
end

-- A tombstone: there was such a job. The oldest give way when there are too many.
local TOMBSTONES, TOMBSTONE_MS = 100000, 86400000
local function bury(id, now, expires_at)
  local gone = P .. 'gone'
  redis.call('ZADD', gone, int(expires_at + TOMBSTONE_MS), id)
  local over_for_long = redis.call('ZRANGEBYSCORE', gone, '-inf', int(now), 'LIMIT', 0, 100)
  if over_for_long[1] then redis.call('ZREM', gone, unpack(over_for_long)) end
  local over = redis.call('ZCARD', gone) - TOMBSTONES
  if over > 0 then redis.call('ZREMRANGEBYRANK', gone, 0, over - 1) end
end

-- Counts an owner's jobs that wait. One that an older release accepted was not counted.
local function count_waiting(owner, by)
  local account = P .. 'owner-sum:' .. owner
  if redis.call('HINCRBY', account, 'waiting', by) < 0 then redis.call('HSET', account, 'waiting', '0') end
end

-- Starts a job that waits: it is a runner's now, by a fence, a claim token and a lease. before: the fence of its last start,
-- nil when there was none. Returns its new fence, and how often it has been started.
local function start_job(id, before, interactive, node, token, now, lease_ms)
  -- The fence grows even over a failover that forgot a claim, because time does.
  local fence = int(math.max(num(before) + 1, now))
  local starts = redis.call('HINCRBY', job_key(id), 'starts', 1)
  redis.call('HSET', job_key(id), 'status', 'RUNNING', 'fence', fence, 'token', token, 'node', node, 'started_at', int(now),
    'n', '1')
  redis.call('ZADD', P .. 'lease', int(now + num(lease_ms)), id)
  redis.call('HINCRBY', P .. 'stats', 'claimed', 1)
  if interactive == '1' then redis.call('HINCRBY', P .. 'stats', 'running_interactive', 1) end
  begin_log(id, before)
  append(id, fence, '1', 'state', '0', 'RUNNING')
  return fence, starts
end

-- Ends a job: its state and result, its last event, its place among its owner's live jobs, its expiry, its tombstone.
-- Returns the id of the end event.
local function end_job(id, now, status, result, n)
  local j = redis.call('HMGET', job_key(id), 'fence', 'owner', 'retention_ms', 'started_at', 'created_at', 'status',
    'spec_bytes', 'stdout_bytes', 'stderr_bytes', 'file_bytes', 'interactive', 'input_bytes', 'idem')
  local owner, keep = j[2], num(j[3])
  local account = P .. 'owner-sum:' .. owner
  local at = int(now + keep)
  local since = num(j[4]) > 0 and num(j[4]) or num(j[5])
  begin_log(id, j[1])
  -- First, since it fails when n is taken, and Lua does not roll back.
  local event = append(id, j[1] or '0', n, 'end', int(math.max(0, now - since)), status)
  redis.call('HDEL', job_key(id), 'token')
  if j[6] == 'QUEUED' then
    redis.call('HINCRBY', P .. 'stats', 'queued_bytes', int(-num(j[7])))
  elseif j[11] == '1' then
    redis.call('HINCRBY', P .. 'stats', 'running_interactive', -1)
  else
    note_run(math.max(0, now - since))
  end
  local more = num(j[8]) + num(j[9]) + num(j[10]) + #result
  -- Input was charged when it came; the log has it from now on.
  local bytes = int(num(j[7]) + num(j[12]) + more)
  redis.call('HSET', job_key(id), 'status', status, 'finished_at', int(now), 'expires_at', at, 'result', result,
    'kept_bytes', bytes)
  redis.call('ZADD', P .. 'owner-kept:' .. owner, at, id .. '|' .. bytes)
  if j[6] == 'QUEUED' then count_waiting(owner, -1) end
  local sum = redis.call('HMGET', account, 'bytes', 'live', 'until')
  -- What is kept must not be forgotten before the sum of it.
  local expiry = later(sum[3], now + keep + DAY_MS) or num(sum[3])
  redis.call('HSET', account, 'bytes', int(num(sum[1]) + more), 'live', int(math.max(0, num(sum[2]) - 1)), 'until', int(expiry))
  redis.call('PEXPIREAT', account, int(expiry))
  redis.call('PEXPIREAT', P .. 'owner-kept:' .. owner, int(expiry))
  redis.call('PEXPIREAT', job_key(id), at)
  redis.call('PEXPIREAT', log_key(id), at)
  expire_files(id, at)
  redis.call('DEL', job_key(id) .. ':in')
  redis.call('PEXPIREAT', job_key(id) .. ':in-from', at) -- a repeat may still come
  bury(id, now, now + keep)
  redis.call('ZREM', P .. 'lease', id)
  redis.call('ZREM', P .. 'deadline', id)
  if j[13] then redis.call('PEXPIREAT', P .. 'idem:' .. j[13], at) end
  redis.call('HINCRBY', P .. 'stats', 'ended:' .. status, 1)
  redis.call('XADD', P .. 'ends', 'MAXLEN', '~', 100000, '*', 'id', id, 'status', status)
  return event
end

-- Puts a running job back at its old place in the queue, for another start, and drops what files this one has stored.
-- j: fence, score, queue, started_at, queue_timeout_ms, spec_bytes and owner, as HMGET gives them.
local function requeue(id, now, j)
  drop_files(id)
  redis.call('DEL', job_key(id) .. ':in') -- signals to a program that is gone
  append(id, j[1], '*', 'requeued', int(math.max(0, now - num(j[4]))), 'QUEUED')
  redis.call('HSET', job_key(id), 'status', 'QUEUED')
  redis.call('HDEL', job_key(id), 'token', 'node', 'started_at', 'stdout_bytes', 'stderr_bytes', 'file_bytes')
  redis.call('ZREM', P .. 'lease', id)
  redis.call('ZADD', P .. 'ready:' .. j[3], j[2], id)
  redis.call('ZADD', P .. 'deadline', int(now + num(j[5])), id)
  redis.call('HINCRBY', P .. 'stats', 'queued_bytes', int(num(j[6])))
  count_waiting(j[7], 1)
  wake(j[3], 1)
end

-- Whether the caller still holds the job: it is running, and the claim token is the caller's.
local function holds(id, token)
  local j = redis.call('HMGET', job_key(id), 'status', 'token')
  return j[1] == 'RUNNING' and j[2] == token
end
