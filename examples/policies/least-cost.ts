/**
 * Least-cost routing: a service names gateways, the cheapest first; the next one is tried when one fails.
 *
 *     siprest run examples/policies/least-cost.ts
 */
import { defineServer, url } from 'siprest';

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],
  rest: { timeout: 2_000, connectTimeout: 500 },

  async onInvite(call) {
    const { user: number } = call.uri;
    if (number === undefined) return call.reply(484, 'Address Incomplete');
    const answer = await call.rest.get(url`http://lcr.example/routes/${number}`);
    if (answer.kind !== 'response' || answer.status !== 200) return call.reply(503, 'No Routes');
    const gateways: readonly string[] = JSON.parse(answer.text);
    if (gateways.length === 0) return call.reply(404, 'No Route');

    return call.relay({
      targets: gateways.map((gateway) => call.uri.with({ host: gateway, port: null })),
      order: 'series',
      // a busy callee is busy behind every gateway
      tryNext: ({ kind, status }) => kind === 'timeout' || status >= 500,
      respondWithin: 3_000,
      recordRoute: true,
    });
  },
});
