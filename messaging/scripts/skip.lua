-- Give a group nothing of what its stream holds up to an entry, if the stream is ours.
--
-- KEYS: the lease, the stream. ARGV: owner, lease in ms, group, the entry. Returns 0 where another owns the stream.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then
  return 1
end
local made = redis.pcall('XGROUP', 'CREATE', KEYS[2], ARGV[3], ARGV[4])
if made['err'] then
  redis.call('XGROUP', 'SETID', KEYS[2], ARGV[3], ARGV[4])
end
return 1
