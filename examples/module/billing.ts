/** A module for scripts: prices by prefix, and an account service that is asked for credit. */
import { defineModule, defineParameters, defineState, raiseEvent } from 'siprest';
import { RestClient, url } from 'siprest/rest';

const parameters = defineParameters([
  {
    name: 'service',
    type: 'string',
    default: 'http://127.0.0.1:8080',
    summary: 'Where accounts are asked for.',
  },
  { name: 'timeout', type: 'int', default: 2000, minimum: 1, unit: 'ms', summary: 'How long it may take.' },
]);

/** Cents a minute, by the longest prefix. */
const prices: Readonly<Record<string, number>> = { '+1': 2, '+44': 3, '+4479': 25 };

function priceOf(number: string): number | null {
  for (let length = number.length; length > 0; length--) {
    const price = prices[number.slice(0, length)];
    if (price !== undefined) return price;
  }
  return null;
}

const client = new RestClient();
const asked = defineState({ per: 'process', name: 'billing.asked', create: () => ({ count: 0 }) });

export default defineModule({
  name: 'billing',
  summary: 'Prices and credit.',
  parameters,
  events: [
    {
      name: 'E_BILLING_REFUSED',
      attributes: [{ name: 'account', summary: 'Who may not call.' }],
      summary: 'An account has no credit.',
    },
  ],
  functions: [
    {
      name: 'billing_price',
      arguments: [
        { name: 'number', type: 'string', summary: 'In E.164, with its +.' },
        { name: 'price', type: 'variable', summary: 'Gets the cents a minute.' },
      ],
      summary: 'The price of a number: -1 if it has none.',
      run(run, number, price) {
        const found = priceOf(number);
        return found !== null && price.set(run, found) ? 1 : -1;
      },
    },
    {
      name: 'billing_credit',
      arguments: [
        { name: 'account', type: 'string', summary: 'The account.' },
        { name: 'cents', type: 'variable', summary: 'Gets its credit.' },
      ],
      summary: 'Asks for the credit of an account: -1 without credit, -2 if the service does not answer.',
      async start({ run }, account, cents) {
        const { service, timeout } = run.parameters(parameters);
        asked(run).count++;
        const answer = await client.get(service + url`/accounts/${account}`, { timeout });
        return (later) => {
          if (answer.kind !== 'response' || answer.status !== 200) return -2;
          const { credit = 0 } = answer.json() as { readonly credit?: number };
          cents.set(later, credit);
          if (credit > 0) return 1;
          raiseEvent(later, 'E_BILLING_REFUSED', { account });
          return -1;
        };
      },
    },
  ],
  figures: [
    {
      name: 'billing_asked',
      kind: 'counter',
      unit: 'calls',
      summary: 'How often the service was asked for credit.',
      read: (process) => asked(process).count,
    },
  ],
  variables: [
    {
      name: 'billing_asked',
      summary: 'How often this process has asked for credit.',
      resolve: () => ({ get: (run) => asked(run).count }),
    },
  ],
  transformations: [
    {
      name: 'billing.euros',
      arguments: [],
      summary: 'Cents as euros, with two digits.',
      apply: (cents) => (Number(cents) / 100).toFixed(2),
    },
  ],
});
