-- Move a stream's entry to the dead letters, unless those are full. Its fields go along as they are, behind `f.`.
--
-- KEYS: the stream, the dead letters, the counts. ARGV: group, entry, most letters, then the letter's names and values.
-- Returns 0 where the dead letters are full.
if redis.call('XLEN', KEYS[2]) >= tonumber(ARGV[3]) then
  return 0
end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('HINCRBY', KEYS[3], KEYS[1] .. '|dead', 1)
return 1
