/** What the scenarios of acc leave out: bad input, requests that end without a reply, handlers in TypeScript. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { AccountingOptions } from '../../../src/index.ts';
import { SimulatedClock } from '../../../src/timers/index.ts';
import { loadScript } from '../../../src/workers/load-script.ts';
import { policyBench } from '../../support/policy-bench.ts';
import { relayBench } from '../../support/relay-bench.ts';
import { runScript } from '../../support/run-script.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const diagnose = (lines: string, body: string) =>
  loadScript(`loadmodule "tm.so"\nloadmodule "acc.so"\n${lines}\nroute { ${body} }\n`).diagnostics.map(
    ({ severity, message }) => `${severity}: ${message}`,
  );

const fields = (text: string) => `modparam("acc", "extra_fields", "${text}")`;

describe('the checker', () => {
  test.each([
    [fields('caller'), '', 'error: "caller" names no type of records'],
    [fields('dog: caller'), '', 'error: "dog: caller" has the unknown type "dog"'],
    [fields('log: a b'), '', 'error: "a b" is not a field'],
    [fields('log: a;;b'), '', 'error: "" is not a field'],
    ['modparam("acc", "log_facility", "LOG_X")', '', 'error: log_facility has the unknown facility "LOG_X"'],
    ['', 'do_accounting("logs");', 'error: do_accounting(): the argument "type" has the invalid flag "logs"'],
    ['', 'do_accounting("log", "cdr|lost");', 'the argument "flags" has the invalid flag "lost"'],
    [fields('log: a'), '$acc_extra(b) = 1;', 'error: $acc_extra has no "b"'],
    [fields('log: a'), '$acc_leg(a) = 1;', 'error: $acc_leg has no "a"'],
    ['', 'do_accounting("log|db");', 'warning: do_accounting(): the argument "type": "db" has no effect'],
    ['', 'acc_aaa_request("200 OK");', 'acc_aaa_request() has no effect: siprest has no AAA'],
    ['modparam("acc", "db_url", "mysql://x")', '', 'warning: db_url has no effect'],
  ])('%s %s', (lines, body, message) => {
    expect(diagnose(lines, body).join('\n')).toContain(message);
  });
});

describe('a record', () => {
  const record = async (body: string, rest = '') => {
    const { log, prints } = await runScript(body, { modules: ['tm', 'acc', 'sl'], rest });
    return { prints, lines: log.filter((line) => line.startsWith('ACC: ')) };
  };

  test('cannot forge other lines', async () => {
    const { lines } = await record(
      '$acc_extra(a) = "x\\r\\nACC: forged"; acc_log_request("200 OK\\nACC: forged");',
      fields('log: a'),
    );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/;reason=OK\\x0aACC: forged;a=x\\x0d\\x0aACC: forged$/);
  });

  test('is written however often the same one was', async () => {
    const { lines } = await record(
      '$var(i) = 0; while ($var(i) < 40) { acc_log_request("200 OK"); $var(i) = $var(i) + 1; }',
    );
    expect(lines).toHaveLength(40);
  });

  test('of unknown words from a variable is refused', async () => {
    const { prints, lines } = await record(
      `$var(x) = "log|dog"; do_accounting($var(x)); xlog("$rc");
       $var(x) = "never"; do_accounting("log", $var(x)); xlog("$rc"); do_accounting("rest"); xlog("$rc");
       acc_rest_request("200 OK"); xlog("$rc"); drop_accounting(); xlog("$rc"); t_reply(200, "OK");`,
    );
    expect(prints).toEqual(['-1', '-1', '-1', '-1', '-1']);
    expect(lines).toEqual([]);
  });

  test('of a request that gets no reply in time says 408, though none is sent', async () => {
    const clock = new SimulatedClock(1_700_000_000_000);
    const { caller, port, server } = await relayBench(
      `loadmodule "acc.so"
       route { do_accounting("log", "failed"); $du = "sip:CALLEE0"; t_relay(); }`,
      1,
      { clock },
    );
    caller.request(port, 'sip:bob@example.com', { method: 'MESSAGE' });
    await expect
      .poll(() => {
        clock.advance(1000);
        return server.log.join('\n');
      })
      .toMatch(/transaction answered: .*;method=MESSAGE;.*;code=408;reason=Request Timeout/);
    expect(caller.received.filter(({ status }) => status >= 200)).toEqual([]);
  });

  test('of each answer is written once, of two callees and repeated', async () => {
    const { caller, callees, port, server } = await relayBench(
      `loadmodule "acc.so"
       route { if (is_method("ACK")) exit; do_accounting("log"); $du = "sip:CALLEE0"; t_relay(); }`,
    );
    const [callee] = callees;
    caller.request(port, 'sip:bob@example.com', { method: 'INVITE' });
    const invite = await callee?.next('INVITE');
    if (callee === undefined || invite === undefined) return;
    const kept = ['via', 'from', 'call-id', 'cseq'].map((name) => `${name}: ${invite.header(name)}`);
    const vias = invite
      .all('via')
      .slice(1)
      .map((via) => `Via: ${via}`);
    for (const tag of ['one', 'two', 'one']) {
      const to = `To: ${invite.header('to')};tag=${tag}`;
      const lines = ['SIP/2.0 200 OK', kept[0], ...vias, ...kept.slice(1), to, 'Content-Length: 0', '', ''];
      callee.send(lines.join('\r\n'), port);
    }
    await caller.next(200);
    await caller.next(200);
    await expect.poll(() => server.log.filter((line) => line.includes('ACC: ')).length).toBe(2);
    expect(server.log.join('\n')).toMatch(/to_tag=one;[^]*to_tag=two;/);
  });
});

describe('call.account()', () => {
  const script = (text: string) => {
    const file = join(temporaryFolder('acc'), 'opensips.cfg');
    writeFileSync(file, text);
    return pathToFileURL(file);
  };
  const withAcc = `loadmodule "tm.so"\nloadmodule "acc.so"\n${fields('log: account')}\nroute { exit; }\n`;

  async function answered(options: AccountingOptions, text = withAcc) {
    const bench = await policyBench({
      script: script(text),
      onMessage: (call) => {
        call.account(options);
        call.reply(480);
      },
    });
    bench.caller.request(bench.port, 'sip:bob@example.com', { method: 'MESSAGE' });
    return bench;
  }

  test('accounts the request, with values of extra_fields', async () => {
    const { server, caller } = await answered({ to: 'log', failed: true, extra: { account: 'Zo\u00eb' } });
    await caller.next(480);
    await server.logs('code=480;reason=Temporarily Unavailable;account=Zo');
  });

  test.each([
    [{ to: 'log', extra: { other: 1 } }, withAcc, 'extra_fields of acc has no "other", only account'],
    [{}, withAcc, 'set rest_url of acc'],
    [{ to: 'log' }, 'route { exit; }', 'needs a script that loads the module acc'],
  ] as const)('%j throws', async (options, text, message) => {
    const { server, caller } = await answered(options, text);
    await caller.next(500);
    await server.logs(message);
  });
});
