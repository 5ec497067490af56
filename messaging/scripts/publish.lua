-- Publish a batch of events, if the position they follow is still the one reached. The position moves with them.
--
-- KEYS: the position, then the streams that the batch goes to.
-- ARGV: the position the batch follows ('' for none), the position after it, about how many events a stream keeps,
--       then for each event: which of KEYS, id, source, type, subject, time, dataschema, sequence, position,
--       metadata, data.
-- Returns 1, or 0 where the position was another and nothing was published.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
  return 0
end
local at = 4
while ARGV[at] do
  redis.call('XADD', KEYS[tonumber(ARGV[at])], 'MAXLEN', '~', ARGV[3], '*',
    'specversion', '1.0', 'id', ARGV[at + 1], 'source', ARGV[at + 2], 'type', ARGV[at + 3],
    'subject', ARGV[at + 4], 'time', ARGV[at + 5], 'datacontenttype', 'application/json',
    'dataschema', ARGV[at + 6], 'sequence', ARGV[at + 7], 'position', ARGV[at + 8],
    'metadata', ARGV[at + 9], 'data', ARGV[at + 10])
  at = at + 11
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
