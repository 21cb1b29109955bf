#!lua
-- file: stores a file that a running job hands back. It expires with the job; until the job's end is known it is kept
-- for as long as the job would be, and an hour for the rest of the run, so that a lost worker leaves nothing for ever.
-- A full Redis (maxmemory) refuses this script as a whole: it has no allow-oom flag.
-- KEYS  1 job  2 file  3 files
-- ARGV  1 prefix  2 id  3 claim token  4 path  5 content
-- REPLY 1 stored | 0 the caller does not hold the job (any more)
local id = ARGV[2]
if not holds(id, ARGV[3]) then return 0 end
local keep = int(num(redis.call('HGET', KEYS[1], 'retention_ms')) + 3600000)
local before = redis.call('STRLEN', KEYS[2])
redis.call('SET', KEYS[2], ARGV[5], 'PX', keep)
redis.call('HINCRBY', KEYS[1], 'file_bytes', #ARGV[5] - before)
redis.call('SADD', KEYS[3], ARGV[4])
redis.call('PEXPIRE', KEYS[3], keep)
return 1
