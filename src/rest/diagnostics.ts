import { channel } from 'node:diagnostics_channel';

/**
 * Channels of `node:diagnostics_channel`. What is published holds no secret: the URL comes without user,
 * password and query.
 *
 * | channel | when | message |
 * | --- | --- | --- |
 * | `siprest:rest:request` | a request begins | `{ method, url }` |
 * | `siprest:rest:connection` | a connection is made | `{ connection: ConnectionInfo }` |
 * | `siprest:rest:outcome` | a request is over | `{ method, url, outcome: Outcome }` |
 */
export const restChannels = {
  request: channel('siprest:rest:request'),
  connection: channel('siprest:rest:connection'),
  outcome: channel('siprest:rest:outcome'),
} as const;
