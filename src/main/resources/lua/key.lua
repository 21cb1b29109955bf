#!lua
-- key: stores an API key under its id, if nobody else has its name.
-- KEYS  1 all
-- ARGV  1 prefix  2 id  3 name  4 the key (JSON)  5 most keys  6 'new', or 'known' for one that must be there
-- REPLY 'OK' | 'TAKEN' another key has the name | 'MANY' there are as many as may be | 'NONE' it is not there (any more)
local known = redis.call('HEXISTS', KEYS[1], ARGV[2]) == 1
if ARGV[6] == 'known' and not known then return 'NONE' end
local all = redis.call('HGETALL', KEYS[1])
if not known and #all / 2 >= num(ARGV[5]) then return 'MANY' end
for i = 1, #all, 2 do
  local readable, key = pcall(cjson.decode, all[i + 1])
  if readable and type(key) == 'table' and key.name == ARGV[3] and all[i] ~= ARGV[2] then return 'TAKEN' end
end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
return 'OK'
