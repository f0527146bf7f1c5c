/**
 * Step 3: no script is left. CANCEL, Max-Forwards and requests within calls need no code.
 *
 *     siprest run examples/moving/step-3.ts
 */
import { defineServer, url } from 'siprest';

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],
  rest: { timeout: 2_000 },

  onOptions: (call) => call.reply(200),

  async onInvite(call) {
    const answer = await call.rest.get(url`http://credit.example/accounts/${call.from.user ?? ''}`);
    if (answer.kind !== 'response') return call.reply(503, 'Credit Service Unavailable');
    if (answer.status !== 200) return call.reply(403, 'Forbidden');

    const result = await call.relay({
      targets: [call.uri.with({ host: 'pbx.example', port: null })],
      recordRoute: true,
    });
    if (result.kind === 'failed' && result.status === 486)
      await call.relay({ targets: [call.uri.with({ host: 'voicemail.example', port: null })] });
  },
});
