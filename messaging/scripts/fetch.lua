-- Entries of a stream for the one process that owns it. Whoever does not own it reads nothing, so that entries are
-- handed out in their order to one reader at a time.
--
-- KEYS: the lease, the stream. ARGV: owner, lease in ms, group, consumer, how many, and where to go on claiming
-- ('' for new entries). Returns false where another owns the stream; else the position to claim on from and entries.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
  return false
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 0 then
  return {'', {}}
end
local made = redis.pcall('XGROUP', 'CREATE', KEYS[2], ARGV[3], '0')
if made['err'] and not string.find(made['err'], 'BUSYGROUP') then
  return made
end
if ARGV[6] ~= '' then
  local claimed = redis.call('XAUTOCLAIM', KEYS[2], ARGV[3], ARGV[4], 0, ARGV[6], 'COUNT', ARGV[5])
  return {claimed[1], claimed[2]}
end
local read = redis.call('XREADGROUP', 'GROUP', ARGV[3], ARGV[4], 'COUNT', ARGV[5], 'STREAMS', KEYS[2], '>')
return {'', read and read[1][2] or {}}
