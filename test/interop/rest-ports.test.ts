/** A network of its own whose system lends six local ports: what docs/reliability.md promises when they are used up. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { commandPath } from '../support/commands.ts';

const module = fileURLToPath(new URL('../../dist/rest.js', import.meta.url));

/** Two clients, as two workers have them, and what each of their calls comes to. */
const program = `
import { createServer } from 'node:http';
import { RestClient, RestShared } from ${JSON.stringify(module)};
const server = createServer((request, response) => setTimeout(() => response.end('x'), 200));
await new Promise((resolve) => server.listen(18201, '127.0.0.1', resolve));
const shared = new RestShared();
const log = [];
const clients = [1, 2].map(() => new RestClient({ shared, log: (level, message) => log.push(level + ' ' + message) }));
const ask = (client, count) =>
  Promise.all(Array.from({ length: count }, () => client.get('http://127.0.0.1:18201/')));
const outcomes = [];
for (const [client, count] of [[clients[0], 5], [clients[1], 4], [clients[0], 8]])
  outcomes.push((await ask(client, count)).map(({ rc, code }) => code ?? rc).sort());
console.log(JSON.stringify({ outcomes, log: log.filter((line) => line.startsWith('info')) }));
process.exit();
`;

it('exhausted local ports are taken from idle connections of other workers; without any the outcome is an error with code ports', () => {
  const setup = `${commandPath('ip')} link set lo up && echo "40000 40005" > /proc/sys/net/ipv4/ip_local_port_range`;
  const printed = execFileSync(
    commandPath('unshare'),
    [
      '--net',
      '--map-root-user',
      'sh',
      '-c',
      `${setup} && exec "$0" --input-type=module -e "$1"`,
      process.execPath,
      program,
    ],
    { encoding: 'utf8' },
  );
  const { outcomes, log } = JSON.parse(printed) as { outcomes: (number | string)[][]; log: string[] };
  expect(outcomes).toEqual([
    Array(5).fill(1),
    Array(4).fill(1),
    [...Array<number>(6).fill(1), 'ports', 'ports'],
  ]);
  expect(log[0]).toBe('info no local port is free, so the idle connection to 127.0.0.1:18201 is closed');
});
