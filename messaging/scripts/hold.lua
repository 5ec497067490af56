-- Keep a lease, if it is ours. KEYS: the lease. ARGV: owner, lease in ms. Returns 0 where it is not.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 0
