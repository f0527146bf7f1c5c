/**
 * The prepaid platform of opensips.cfg in TypeScript: the same services, limits and records.
 *
 *     siprest run examples/prepaid/policy.ts
 */
import { type Call, defineServer, url } from 'siprest';

const service = 'http://127.0.0.1:8081';
const gateways = [5081, 5082];

/** What an account may do. */
interface Credit {
  readonly seconds: number;
  readonly calls: number;
}

/** Null for an account without credit. */
async function creditOf(call: Call, account: string): Promise<Credit | null> {
  const answer = await call.rest.get(service + url`/credit/${account}`);
  if (answer.kind === 'response' && answer.status < 500)
    return answer.status === 200 ? (JSON.parse(answer.text) as Credit) : null;
  // the operator's rule for a service that is down: a minute on trust
  call.log.warning(`no credit for ${account}: ${answer.kind}`);
  return { seconds: 60, calls: 1 };
}

export default defineServer({
  script: new URL('./policy.cfg', import.meta.url),
  rest: { timeout: 2_000, connectTimeout: 1_000 },

  onInDialog: (call) => call.relay(),

  async onInvite(call) {
    const { exited } = await call.run('authenticate');
    const { dialog } = call;
    if (exited || dialog === undefined) return; // the route has replied
    const account = String(call.getAvp('account'));

    const credit = await creditOf(call, account);
    if (credit === null) return call.reply(402);
    if (dialog.count('account', account) >= credit.calls) return call.reply(486, 'Too Many Calls');
    dialog.join('account', account);
    dialog.limit(1000 * credit.seconds);
    call.account({ cdr: true, missed: true, failed: true, extra: { account } });

    const result = await call.relay({
      targets: gateways.map((port) => call.uri.with({ host: '127.0.0.1', port })),
      order: 'series',
      // a busy callee is busy behind every gateway
      tryNext: ({ kind, status }) => kind === 'timeout' || status >= 500,
      respondWithin: 2_000,
      ringFor: 60_000,
    });
    if (result.kind === 'timeout' || (result.kind === 'failed' && result.status >= 500))
      call.reply(503, 'No Gateways');
  },
});
