/** Redis and what speaks its protocol, such as Valkey: addresses, and connections with deadlines and a breaker. */
export { parseRedisAddress, type RedisAddress, withoutLogin } from './address.ts';
export { type RedisReply, redisPackage } from './client.ts';
export { newRedisCounts, Redis, type RedisCounts, type RedisScript, redisScript } from './redis.ts';
