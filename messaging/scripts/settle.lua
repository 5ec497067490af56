-- Take a dead letter out: publish its entry again (where a stream is given), and note who settled it and why.
--
-- KEYS: the dead letters, what was settled, and for a replay the stream. ARGV: letter, most notes, then the note.
-- Returns 0 where there is no such letter.
local found = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if #found == 0 then
  return 0
end
local letter = found[1][2]
if KEYS[3] then
  local fields = {}
  for at = 1, #letter, 2 do
    if string.sub(letter[at], 1, 2) == 'f.' then
      fields[#fields + 1] = string.sub(letter[at], 3)
      fields[#fields + 1] = letter[at + 1]
    end
  end
  redis.call('XADD', KEYS[3], '*', unpack(fields))
end
local note = {unpack(ARGV, 3)}
for _, value in ipairs(letter) do
  note[#note + 1] = value
end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', unpack(note))
redis.call('XDEL', KEYS[1], ARGV[1])
return 1
