#!lua flags=allow-oom
-- reap: jobs whose lease has ended go back to their old place in the queue, or end; so do jobs queued for too long.
-- It also looks how full Redis is, for accept.
-- KEYS  1 lease  2 deadline  3 stats
-- ARGV  1 prefix  2 most jobs of one call  3 time until which this call may take leases (0: not at all, Redis has just come
--       back and the living may still renew)  4 result (JSON) WORKER_LOST  5 result (JSON) QUEUE_TIMEOUT
--       6 result (JSON) of a cancelled job  7 slots of all nodes together, '' when not known  8 full at this part of maxmemory, in %
--       9 slots for interactive jobs, like 7
-- REPLY {time, id, what, bus address of the accepting node, id, …}; what is REQUEUED, LOST, TIMEOUT or CANCELLED
local now = now_ms()
local done = {int(now)}
local function tell(id, what, accepted_by)
  done[#done + 1] = id
  done[#done + 1] = what
  done[#done + 1] = accepted_by
  redis.call('HINCRBY', KEYS[3], 'reaped:' .. what, 1)
end
local function give_up(id, result, why)
  end_job(id, now, 'ERROR', result, '*')
  redis.call('XADD', P .. 'dead', 'MAXLEN', '~', 10000, '*', 'id', id, 'why', why)
end

local memory = redis.call('INFO', 'memory')
local function figure(name) return num(string.match(memory, name .. ':(%d+)')) end
local most = figure('maxmemory')
local full = most > 0 and (figure('used_memory') - figure('mem_not_counted_for_evict')) * 100 > most * num(ARGV[8])
redis.call('HSET', KEYS[3], 'full', full and '1' or '0')
if ARGV[7] ~= '' then redis.call('HSET', KEYS[3], 'slots', ARGV[7], 'interactive_slots', ARGV[9]) end

local ended = {}
-- A call that was under way while Redis hung comes before the living could renew.
if now <= num(ARGV[3]) then ended = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now), 'LIMIT', 0, num(ARGV[2])) end
for _, id in ipairs(ended) do
  local j = redis.call('HMGET', job_key(id), 'status', 'starts', 'max_starts', 'interactive', 'cancel', 'accepted_by', 'fence',
    'score', 'queue', 'started_at', 'queue_timeout_ms', 'spec_bytes', 'owner')
  redis.call('ZREM', KEYS[1], id)
  if j[1] == 'RUNNING' then
    if j[5] then
      end_job(id, now, 'CANCELLED', ARGV[6], '*')
      tell(id, 'CANCELLED', j[6])
    elseif j[4] == '1' or num(j[2]) >= num(j[3]) then
      give_up(id, ARGV[4], 'WORKER_LOST')
      tell(id, 'LOST', j[6])
    else
      requeue(id, now, {unpack(j, 7, 13)})
      tell(id, 'REQUEUED', j[6])
    end
  end
end
local late = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', int(now), 'LIMIT', 0, num(ARGV[2]))
for _, id in ipairs(late) do
  local j = redis.call('HMGET', job_key(id), 'status', 'queue', 'accepted_by')
  redis.call('ZREM', KEYS[2], id)
  if j[1] == 'QUEUED' then
    redis.call('ZREM', P .. 'ready:' .. j[2], id)
    give_up(id, ARGV[5], 'QUEUE_TIMEOUT')
    tell(id, 'TIMEOUT', j[3])
  end
end
return done
