#!lua flags=allow-oom
-- node: a node says that it is there, and hears who else is. Those not heard of for a while are forgotten.
-- KEYS  1 seen  2 info
-- ARGV  1 prefix  2 name ('' only asks)  3 what it says of itself (JSON), '' when it leaves  4 ms until it is forgotten
-- REPLY {JSON, JSON, …} of all nodes
local now = now_ms()
if ARGV[2] ~= '' then
  if ARGV[3] == '' then
    redis.call('ZREM', KEYS[1], ARGV[2])
    redis.call('HDEL', KEYS[2], ARGV[2])
  else
    redis.call('ZADD', KEYS[1], int(now + num(ARGV[4])), ARGV[2])
    redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
  end
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', int(now))) do
  redis.call('ZREM', KEYS[1], name)
  redis.call('HDEL', KEYS[2], name)
end
return redis.call('HVALS', KEYS[2])
