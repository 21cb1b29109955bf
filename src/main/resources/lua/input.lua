#!lua
-- input: keeps what a program is to be given while it runs: input, the end of it, a signal. Its runner takes it from there.
-- A full Redis (maxmemory) refuses this script as a whole: it has no allow-oom flag.
-- KEYS  1 job  2 input  3 senders of the input
-- ARGV  1 prefix  2 id  3 sender or ''  4 the sender's number of this, from 1 on (0 without a sender)
--       5 most bytes of one job's input  6 most bytes stored of one owner  7… what, each as kind (in, eof, signal) and data
-- REPLY {'OK'} | {'SAME'} it came before | {'GONE'} | {'ENDED'} | {'WAITING'} a signal to a job that does not run |
--       {'WHOLE'} it is not interactive | {'CLOSED'} its input is at its end | {'NUMBER', the next number of this sender} |
--       {'TOO_MUCH', bytes so far} | {'OWNER_BYTES', bytes}
local id = ARGV[2]
local j = redis.call('HMGET', KEYS[1], 'status', 'interactive', 'input_bytes', 'input_over', 'owner')
if not j[1] then return {'GONE'} end
local number = num(ARGV[4])
local last = number > 0 and num(redis.call('HGET', KEYS[3], ARGV[3])) or 0
if number > 0 and number <= last then return {'SAME'} end
if j[1] ~= 'QUEUED' and j[1] ~= 'RUNNING' then return {'ENDED'} end
if number > last + 1 then return {'NUMBER', int(last + 1)} end
local bytes, over = 0, j[4] == '1'
for i = 7, #ARGV, 2 do
  if ARGV[i] == 'signal' then
    if j[1] ~= 'RUNNING' then return {'WAITING'} end
  elseif j[2] ~= '1' then
    return {'WHOLE'}
  elseif over then
    return {ARGV[i] == 'eof' and #ARGV == 8 and 'SAME' or 'CLOSED'}
  end
  over = over or ARGV[i] == 'eof'
  -- Redis keeps about so much beside the bytes themselves.
  bytes = bytes + #ARGV[i + 1] + 100
end
if num(j[3]) + bytes > num(ARGV[5]) then return {'TOO_MUCH', int(num(j[3]))} end
local stored = num(redis.call('HGET', P .. 'owner-sum:' .. j[5], 'bytes'))
if stored + bytes > num(ARGV[6]) then return {'OWNER_BYTES', int(stored)} end

store_bytes(j[5], bytes)
redis.call('HINCRBY', KEYS[1], 'input_bytes', int(bytes))
if over then redis.call('HSET', KEYS[1], 'input_over', '1') end
if number > 0 then redis.call('HSET', KEYS[3], ARGV[3], int(number)) end
for i = 7, #ARGV, 2 do
  redis.call('XADD', KEYS[2], int(redis.call('HINCRBY', KEYS[1], 'inputs', 1)) .. '-0', 'k', ARGV[i], 'd', ARGV[i + 1])
end
return {'OK'}
