/**
 * Asks a credit service about each account and says what came of it: every outcome is a value, nothing is thrown.
 *
 *     npx tsx examples/library/credit.ts http://127.0.0.1:8081 alice bob carol
 */
import { type Outcome, RestClient } from 'siprest/rest';

/** What a caller may do, by what the service said. */
function verdict({ rc, retcode, text, reason }: Outcome): string {
  switch (rc) {
    case 1:
      return retcode === 200 ? `has ${text} left` : `is refused (${retcode})`;
    case -1:
      return 'is let through: the service is down';
    case -2:
      return 'is let through: no connection in time';
    case -3:
      return `is let through: no answer in time, ${text.length} bytes of it`;
    default:
      return `is let through: ${reason}`;
  }
}

const [service = 'http://127.0.0.1:8081', ...accounts] = process.argv.slice(2);

await using client = new RestClient({ curlTimeout: 2, connectionTimeout: 0.5, maxTransferSize: 64 });

for (const account of accounts) {
  const outcome = await client.get(`${service}/credit?account=${encodeURIComponent(account)}`);
  const time = outcome.times.total.toFixed(1);
  console.log(`${account} ${verdict(outcome)} (${time} ms, ${outcome.reused ? 'kept' : 'new'} connection)`);
}
