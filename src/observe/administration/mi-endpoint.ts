/** JSON-RPC over HTTP. Source: modules/mi_http of the manual. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type HttpEndpoint, plain } from '../http/endpoint.ts';
import type { ChannelOptions } from './channel.ts';
import { written } from './channel.ts';
import { longestRequest } from './json-rpc.ts';

export interface MiEndpointOptions extends Pick<ChannelOptions, 'answer'> {
  /** `/mi` */
  readonly path: string;
  /** What clients must present; null: only clients on this machine are served. */
  readonly token: string | null;
  readonly isPretty: boolean;
}

export function miEndpoint({ path, token, isPretty, answer }: MiEndpointOptions): HttpEndpoint {
  return {
    path,
    methods: ['POST'],
    longestBody: longestRequest,
    answer: async ({ body, headers, isLoopback }) => {
      if (token === null && !isLoopback)
        return plain(403, 'administration from other machines needs token_file of the module mi_http');
      if (token !== null && !isSame(headers.authorization ?? '', `Bearer ${token}`))
        return {
          ...plain(401, 'administration needs the header "Authorization: Bearer TOKEN"'),
          headers: { 'WWW-Authenticate': 'Bearer' },
        };
      const text = await answer(body.toString('utf8'));
      if (text === null) return { status: 204, body: '' };
      return { status: 200, type: 'application/json', body: `${written(text, isPretty)}\n` };
    },
  };
}

/** In constant time. */
function isSame(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
