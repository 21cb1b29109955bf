#!lua flags=allow-oom
-- beat: renews the lease of a running job and brings back a cancel. A late beat revives a lease that nobody has reaped.
-- KEYS  1 job  2 lease  3 input
-- ARGV  1 prefix  2 id  3 claim token  4 lease in ms
-- REPLY -1 the caller does not hold the job (any more) | 0 renewed; plus 1 when a cancel was asked for, plus 2 when there is input
local id = ARGV[2]
if not holds(id, ARGV[3]) then return -1 end
redis.call('ZADD', KEYS[2], int(now_ms() + num(ARGV[4])), id)
return redis.call('HEXISTS', KEYS[1], 'cancel') + (redis.call('XLEN', KEYS[3]) > 0 and 2 or 0)
