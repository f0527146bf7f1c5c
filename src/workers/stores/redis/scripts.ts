/**
 * The operations that must be atomic, as scripts of the server. A value is `s` and a text, or `n` and a number; '' is none.
 * Times are those of the server, so that the clocks of the machines need not agree.
 */
import { redisScript } from '../../../redis/index.ts';

/** Sums wrap at 32 bits. */
const arithmetic = `
local function wrap(n)
  n = n % 4294967296
  if n >= 2147483648 then n = n - 4294967296 end
  return n
end
local function number(value)
  local sign, digits = string.match(value, '^[ns]([+-]?)(%d+)$')
  if not digits then return nil end
  local n = 0
  for d in string.gmatch(digits, '%d') do n = (n * 10 + d) % 4294967296 end
  if sign == '-' then n = -n end
  return wrap(n)
end
local function text(n) return 'n' .. string.format('%.0f', n) end`;

const clock = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)`;

/** KEYS: the entry. ARGV: by, ttl or ''. Gives the sum, or false for a text that is not a number. */
export const addToEntry = redisScript(`${arithmetic}
local value = redis.call('GET', KEYS[1])
if not value then
  local n = wrap(tonumber(ARGV[1]))
  if ARGV[2] == '' then redis.call('SET', KEYS[1], text(n))
  else redis.call('SET', KEYS[1], text(n), 'PX', ARGV[2]) end
  return n
end
local n = number(value)
if not n then return false end
n = wrap(n + ARGV[1])
redis.call('SET', KEYS[1], text(n), 'KEEPTTL')
return n`);

/** KEYS: a hash of slots. ARGV: window, slot, slots, most. Gives the sum. */
export const addToWindow = redisScript(`${clock}
local current = math.floor(now / ARGV[2])
local sum = 1
local slots = redis.call('HGETALL', KEYS[1])
for i = 1, #slots, 2 do
  if current - slots[i] >= tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], slots[i])
  else sum = sum + slots[i + 1] end
end
if sum > tonumber(ARGV[4]) then return sum end
redis.call('HINCRBY', KEYS[1], string.format('%.0f', current), 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1] + ARGV[2])
return sum`);

/**
 * KEYS: permits by member, times of those of the last second. ARGV: member, prefix of members, most or '', rate or ''.
 * Members without a sign of life have none.
 */
export const takePermit = redisScript(`${clock}
if ARGV[3] ~= '' then
  local held = redis.call('HGETALL', KEYS[1])
  local total = 0
  for i = 1, #held, 2 do
    if held[i] == ARGV[1] or redis.call('EXISTS', ARGV[2] .. held[i]) == 1 then total = total + held[i + 1]
    else redis.call('HDEL', KEYS[1], held[i]) end
  end
  if total >= tonumber(ARGV[3]) then return 0 end
end
if ARGV[4] ~= '' then
  local oldest = redis.call('LINDEX', KEYS[2], ARGV[4] - 1)
  if oldest and now - oldest < 1000 then return 0 end
  redis.call('LPUSH', KEYS[2], string.format('%.0f', now))
  redis.call('LTRIM', KEYS[2], 0, ARGV[4] - 1)
  redis.call('PEXPIRE', KEYS[2], 1000)
end
redis.call('HINCRBY', KEYS[1], ARGV[1], 1)
redis.call('PEXPIRE', KEYS[1], 86400000)
return 1`);

/** KEYS: permits by member. ARGV: member. */
export const givePermit = redisScript(`
if redis.call('HINCRBY', KEYS[1], ARGV[1], -1) <= 0 then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`);

/** KEYS: the lock. ARGV: member, prefix of members, lease. A lock of a member without a sign of life is free. */
export const takeLock = redisScript(`
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] and redis.call('EXISTS', ARGV[2] .. holder) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 1`);

/** KEYS: the lock. ARGV: member. */
export const releaseLock = redisScript(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`);

/**
 * KEYS: the hash of a space, the stream of changes. ARGV: what (set, initialize, add or replace), space, key, value,
 * member, the value before or '*' for any, length of the stream. Gives the outcome, the value, and the place of the
 * change in the stream.
 */
export const changeValue = redisScript(`${arithmetic}
local what, space, key, value, member, before = unpack(ARGV)
local current = redis.call('HGET', KEYS[1], key) or ''
if what == 'initialize' and current ~= '' then return {'present', current, ''} end
if what == 'replace' and before ~= '*' and current ~= before then return {'changed', current, ''} end
if what == 'add' then value = text(wrap((number(current) or 0) + value)) end
if value == '' then redis.call('HDEL', KEYS[1], key)
else redis.call('HSET', KEYS[1], key, value) end
local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[7], '*', 's', space, 'k', key, 'v', value, 'm', member)
return {'stored', value, id}`);

/**
 * A sign of life. KEYS: the member, all members. ARGV: what it says of itself, its name, how long that holds in ms.
 * Gives the names of all.
 */
export const signOfLife = redisScript(`${clock}
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
redis.call('ZADD', KEYS[2], now, ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[2], 0, now - ARGV[3])
return redis.call('ZRANGE', KEYS[2], 0, -1)`);

/** KEYS: what tells the data from that of another time. ARGV: a new name for it. Gives its name. */
export const nameData = redisScript(`
redis.call('SETNX', KEYS[1], ARGV[1])
return redis.call('GET', KEYS[1])`);

export const storeScripts = [
  addToEntry,
  addToWindow,
  takePermit,
  givePermit,
  takeLock,
  releaseLock,
  changeValue,
  signOfLife,
  nameData,
];
