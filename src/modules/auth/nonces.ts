/** Nonces that prove by themselves when this server has made them, so that none has to be kept. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Routing } from '../../runtime/index.ts';

const space = 'auth';
const key = 'secret';

/** Gives all processes the same secret, unless the script sets one. */
export function shareSecret({ host }: Routing): void {
  host.store.values(space).initialize(key, randomBytes(32).toString('hex'));
}

const secretOf = ({ host }: Routing, secret: string | null): string =>
  secret ?? String(host.store.values(space).get(key) ?? '');

const sign = (secret: string, text: string) =>
  createHmac('sha256', secret).update(text).digest('hex').slice(0, 32);

export function newNonce(routing: Routing, secret: string | null): string {
  const time = Math.floor(routing.host.clock.date() / 1000).toString(16);
  const text = `${time.padStart(10, '0')}${randomBytes(8).toString('hex')}`;
  return `${text}${sign(secretOf(routing, secret), text)}`;
}

/** Whether this server has made the nonce, at most `lifetime` seconds ago. */
export function isFresh(routing: Routing, secret: string | null, nonce: string, lifetime: number): boolean {
  if (!/^[0-9a-f]{58}$/.test(nonce)) return false;
  const text = nonce.slice(0, 26);
  const signature = Buffer.from(sign(secretOf(routing, secret), text));
  if (!timingSafeEqual(signature, Buffer.from(nonce.slice(26)))) return false;
  return routing.host.clock.date() / 1000 - Number.parseInt(nonce.slice(0, 10), 16) <= lifetime + 1;
}
