/** Tables that a module loads whole from a REST service, shown by dispatcher. */
import { expect, test } from 'vitest';
import { SimulatedClock } from '../../src/timers/index.ts';
import { loadScript } from '../../src/workers/load-script.ts';
import { closeLater } from '../support/close-later.ts';
import { runScript } from '../support/run-script.ts';
import { startServer } from '../support/server.ts';
import { respond, startService } from '../support/service.ts';

const parameter = (name: string, value: string | number) =>
  `modparam("dispatcher", "${name}", ${typeof value === 'number' ? value : `"${value}"`})\n`;
const rest = (url: string, more = '') =>
  `loadmodule "rest_client.so"\n${parameter('db_url', url)}${parameter('attrs_avp', '$avp(attrs)')}${more}`;
const gateway = (set: number, uri: string, more: object = {}) => ({ setid: set, destination: uri, ...more });

test('a service answers with the rows of the table that is named', async () => {
  const rows = [
    gateway(1, 'sip:192.0.2.1', { attrs: 'zürich', priority: 1, weight: null }),
    gateway(1, 'sip:192.0.2.2', { state: 1 }),
    gateway(2, 'nonsense'),
    gateway(3, 'sip:192.0.2.3', { attrs: { cost: 5 } }),
  ];
  const service = await startService((request, response) =>
    request.target === '/tables/my%20gateways'
      ? respond(response, 200, JSON.stringify(rows))
      : respond(response, 404, ''),
  );
  const { prints, log } = await runScript(
    `ds_select_dst(1, 8); xlog("$rc $du $avp(attrs)"); ds_count(1, "i", $var(n)); xlog("$var(n)");
     ds_select_dst(2, 8); xlog("$rc"); ds_select_dst(3, 8); xlog("$avp(attrs)");`,
    {
      modules: ['dispatcher'],
      rest: rest(`${service.origin}/tables/{table}`, parameter('table_name', 'my gateways')),
    },
  );
  expect(prints).toEqual(['1 sip:192.0.2.1 zürich', '1', '-1', '{"cost":5}']);
  expect(log.join('\n')).toContain(
    'left out a row of my gateways (partition default): "nonsense" is not a SIP URI',
  );
});

test.each([
  ['text', 'nonsense', 'the answer is not JSON'],
  ['an object', '{}', 'the answer is not a JSON array of rows'],
  ['a list of numbers', '[1]', 'row 1 of the answer is not an object'],
  ['rows of another table', '[{"x":1}]', 'there is no column "destination"'],
])('%s instead leaves the set empty, and is logged', async (_, body, message) => {
  const service = await startService((_request, response) => respond(response, 200, body));
  const { prints, log } = await runScript('ds_select_dst(1, 8); xlog("$rc");', {
    modules: ['dispatcher'],
    rest: rest(`${service.origin}/secret?key=hidden`),
  });
  expect(prints).toEqual(['-1']);
  expect(log.join('\n')).toContain(message);
  expect(log.join('\n')).not.toContain('hidden');
});

test('a service that fails is asked again, and what it has answered stays until it answers anew', async () => {
  let answer: readonly [number, string] = [503, ''];
  const service = await startService((_, response) => respond(response, ...answer));
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  const server = closeLater(
    await startServer(
      `loadmodule "dispatcher.so"\n${rest(service.origin, parameter('db_refresh', 30))}
       route { exit; } timer_route[show, 1] { ds_count(1, "aip", $var(n)); xlog("print $rc\n"); }`,
      { clock },
    ),
  );
  await server.logs('status 503: the rows that were read last stay');
  const shows = async (text: string) => {
    await expect
      .poll(() => {
        clock.advance(1000);
        return server.log.slice(-3).join('\n');
      })
      .toContain(text);
  };
  await shows('print -1');
  answer = [200, JSON.stringify([gateway(1, 'sip:192.0.2.1')])];
  await shows('answers again');
  await shows('print 1');
  answer = [200, 'broken'];
  await shows('the answer is not JSON');
  await shows('print 1');
  answer = [200, '[]'];
  await shows('print -1');
});

test.each([
  ['mysql://u:p@h/d', 'siprest has no connection to databases such as mysql://'],
  ['http://h/{x}', 'unknown {x} in db_url'],
  ['http:///x', 'invalid URL "http:///x"'],
])('db_url "%s" is an error', (url, message) => {
  const { diagnostics } = loadScript(
    `loadmodule "dispatcher.so"\n${parameter('db_url', url)}route { exit; }\n`,
  );
  expect(diagnostics.map((one) => one.message).join('\n')).toContain(message);
});
