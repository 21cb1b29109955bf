#!lua flags=allow-oom
-- purge: removes all that is stored of an ended job but its tombstone. Its Idempotency-Key is free again.
-- KEYS  1 job  2 log
-- ARGV  1 prefix  2 id
-- REPLY {'GONE'} | {'LIVE'} unchanged, it has not ended | {'PURGED'}
local id = ARGV[2]
local j = redis.call('HMGET', KEYS[1], 'status', 'idem', 'owner', 'kept_bytes')
if not j[1] then return {'GONE'} end
if j[1] == 'QUEUED' or j[1] == 'RUNNING' then return {'LIVE'} end
if j[2] and redis.call('HGET', P .. 'idem:' .. j[2], 'id') == id then redis.call('DEL', P .. 'idem:' .. j[2]) end
if redis.call('ZREM', P .. 'owner-kept:' .. j[3], id .. '|' .. num(j[4])) == 1 then store_bytes(j[3], -num(j[4])) end
drop_files(id)
redis.call('DEL', KEYS[1], KEYS[2], job_key(id) .. ':in-from')
return {'PURGED'}
