/**
 * Step 2: calls are a function, which still runs the script's route for the credit check. Everything else, OPTIONS here,
 * goes through the script's main route as before.
 *
 *     siprest run examples/moving/step-2.ts
 */
import { defineServer } from 'siprest';

export default defineServer({
  script: new URL('./step-1.cfg', import.meta.url),

  async onInvite(call) {
    const { exited } = await call.run('credit');
    if (exited) return; // the route has replied
    call.log.info(`${call.from.user ?? 'somebody'} has ${call.getAvp('credit')} left`);
    const result = await call.relay({
      targets: [call.uri.with({ host: 'pbx.example', port: null })],
      recordRoute: true,
    });
    if (result.kind === 'failed' && result.status === 486)
      await call.relay({ targets: [call.uri.with({ host: 'voicemail.example', port: null })] });
  },
});
