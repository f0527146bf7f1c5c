/** Voicemail when the callee is busy, does not answer, or has no phone. */
import { defineServer } from 'siprest';

const busy = new Set([408, 480, 486, 600]);

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],

  async onInvite(call) {
    const result = await call.relay({
      targets: [call.uri.with({ host: 'pbx.example', port: null })],
      ringFor: 20_000,
      recordRoute: true,
    });
    if (result.kind !== 'failed' && result.kind !== 'timeout') return;
    if (!busy.has(result.status)) return; // the callee's refusal goes to the caller
    await call.relay({
      targets: [
        {
          uri: call.uri.with({ host: 'voicemail.example', port: null }),
          headers: {
            Diversion: `<${call.uri.text}>;reason=${result.status === 486 ? 'user-busy' : 'no-answer'}`,
          },
        },
      ],
    });
  },
});
