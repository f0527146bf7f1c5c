/**
 * Asks a credit service about each account and prints the result: every outcome is a value, nothing is thrown.
 *
 *     npx tsx examples/library/credit.ts http://127.0.0.1:8081 alice bob carol
 */
import { type Outcome, RestClient } from 'siprest/rest';

/** What a caller may do, by what the service said. */
function verdict(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'response':
      return outcome.status === 200 ? `has ${outcome.text} left` : `is refused (${outcome.status})`;
    case 'refused':
      return 'is let through: the service is down';
    case 'connect-timeout':
      return 'is let through: no connection in time';
    case 'timeout':
      return `is let through: no answer in time, ${outcome.body.length} bytes of it`;
    default:
      return `is let through: ${outcome.reason}`;
  }
}

const [service = 'http://127.0.0.1:8081', ...accounts] = process.argv.slice(2);

const client = new RestClient({ timeout: 2_000, connectTimeout: 500, maxBodySize: 65_536 });

for (const account of accounts) {
  const outcome = await client.get(`${service}/credit?account=${encodeURIComponent(account)}`);
  const time = outcome.times.total.toFixed(1);
  console.log(`${account} ${verdict(outcome)} (${time} ms, ${outcome.reused ? 'kept' : 'new'} connection)`);
}

await client.close();
