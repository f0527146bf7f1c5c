/**
 * Asks a credit service with several replicas that are not always well: each request goes to another replica if one fails,
 * the answers are cached, and hooks print what the client does.
 *
 *     npx tsx examples/library/policies.ts 127.0.0.1:8081,127.0.0.1:8082 alice alice bob
 */
import { subscribe } from 'node:diagnostics_channel';
import { type Outcome, type Policy, RestClient, url, withHeader } from 'siprest/rest';

const [replicas = '127.0.0.1:8081', ...accounts] = process.argv.slice(2);

/** A policy of this program: names the caller in each request. */
const named: Policy = (next) => (request) => next(withHeader(request, 'X-Request-Source', 'siprest'));

const client = new RestClient({
  baseUrl: 'http://credit.example', // never looked up: the replicas have addresses
  timeout: 2_000,
  policies: [named],
  hosts: {
    'credit.example': {
      replicas: { addresses: replicas.split(','), failures: 2 },
      // all requests may be retries here; the default budget of a tenth protects a busy service
      retry: { count: 1, attemptTimeout: 500, budget: 100 },
      cache: { staleIfError: 300_000 },
    },
  },
});

interface RequestMessage {
  readonly id: number;
  readonly method: string;
  readonly url: string;
}
interface HostMessage {
  readonly origin: string;
  readonly state: string;
  readonly reason: string;
}

subscribe('siprest:rest:request', (message) => {
  const { id, method, url } = message as RequestMessage;
  console.log(`request ${id}: ${method} ${url}`);
});
subscribe('siprest:rest:outcome', (message) => {
  const { id, outcome } = message as RequestMessage & { readonly outcome: Outcome };
  console.log(
    `request ${id}: ${outcome.kind} ${outcome.kind === 'response' ? outcome.status : outcome.reason}`,
  );
});
subscribe('siprest:rest:host', (message) => {
  const { origin, state, reason } = message as HostMessage;
  console.log(`replica ${reason} of ${origin} is ${state}`);
});

/** What is known of an account. */
function verdict(outcome: Outcome): string {
  if (outcome.kind !== 'response') return `is unknown: ${outcome.kind}, ${outcome.reason}`;
  const { attempts, fromCache } = outcome;
  const how = fromCache ? 'from the cache' : `${attempts} attempt${attempts === 1 ? '' : 's'}`;
  return `${outcome.ok ? `has ${outcome.text} left` : `is refused: ${outcome.status}`} (${how})`;
}

for (const account of accounts) {
  const outcome = await client.get(url`/credit?account=${account}`);
  console.log(`${account} ${verdict(outcome)}`);
}

await client.close();
