import { channel } from 'node:diagnostics_channel';

/**
 * Channels of `node:diagnostics_channel`. Messages contain no secrets: URLs are without user, password and query.
 *
 * | channel | when | message |
 * | --- | --- | --- |
 * | `siprest:rest:request` | a request goes out; a retry is another one | `{ id, method, url }` |
 * | `siprest:rest:connection` | a connection is made | `{ connection: ConnectionInfo }` |
 * | `siprest:rest:outcome` | a request has ended | `{ id, method, url, outcome: Outcome }` |
 * | `siprest:rest:host` | a policy sees a host in another state | `{ origin, policy, state, reason }` |
 */
export const restChannels = {
  request: channel('siprest:rest:request'),
  connection: channel('siprest:rest:connection'),
  outcome: channel('siprest:rest:outcome'),
  host: channel('siprest:rest:host'),
} as const;
