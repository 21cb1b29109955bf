#!lua flags=no-writes
-- queue: figures of one partition.
-- KEYS  1 deadline  2 lease  3 stats
-- ARGV  1 prefix
-- REPLY {jobs that wait, ms that the longest has waited, jobs that run, bytes of queued requests, counters…}; each counter
--       is a name and a value
local oldest = redis.call('ZRANGE', KEYS[1], 0, 0)[1]
local age = oldest and math.max(0, now_ms() - num(redis.call('HGET', job_key(oldest), 'created_at'))) or 0
local stats = redis.call('HGETALL', KEYS[3])
return {redis.call('ZCARD', KEYS[1]), int(age), redis.call('ZCARD', KEYS[2]), stats}
