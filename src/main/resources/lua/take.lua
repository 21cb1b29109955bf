#!lua flags=allow-oom
-- take: hands a running job's next input to its runner, and forgets what the runner has.
-- KEYS  1 job  2 input
-- ARGV  1 prefix  2 id  3 claim token  4 number of the last one that the runner has (0: none)  5 most at once
-- REPLY nil the caller does not hold the job (any more) | {number, kind, data, number, …}, the oldest first
local id = ARGV[2]
if not holds(id, ARGV[3]) then return nil end
redis.call('XTRIM', KEYS[2], 'MINID', int(num(ARGV[4]) + 1))
local taken = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', ARGV[5])) do
  taken[#taken + 1] = tonumber(string.match(entry[1], '^%d+'))
  taken[#taken + 1] = entry[2][2]
  taken[#taken + 1] = entry[2][4]
end
return taken
