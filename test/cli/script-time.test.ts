/** script_time_limit on the built program: a script that runs too long is ended, and others wait no longer than that. */
import { afterEach, describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { type RunningSiprest, startSiprest } from '../support/program.ts';
import { startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';

const modules = ['signaling', 'sl', 'tm', 'rest_client'].map((name) => `loadmodule "${name}.so"\n`).join('');

/** 10,000 times 10,000 turns, and 10^10 calls of routes without a loop. */
const endless = `
route[turns] {
  $var(i) = 0;
  while ($var(i) < 10000) { $var(i) += 1; $var(j) = 0; while ($var(j) < 10000) { $var(j) += 1; } }
}
${Array.from({ length: 10 }, (_, n) => `route[calls${n}] { ${`route(calls${n + 1}); `.repeat(10)} }\n`).join('')}
route[calls10] { $var(x) = 1; }
`;

let siprest: RunningSiprest | null = null;
afterEach(async () => {
  await siprest?.stop();
  siprest = null;
});

async function ask(user: string, seconds = 20) {
  const [reply] = await sendSip(
    { method: 'OPTIONS', uri: `sip:${user}@biloxi.example.com` },
    { port: siprest?.port ?? 0, seconds },
  );
  return { status: reply?.status, reason: reply?.reason, time: reply?.time ?? Number.POSITIVE_INFINITY };
}

describe('a script that runs longer than script_time_limit', () => {
  it('is ended at about that time with 500, logged with its place, and others are answered then', async () => {
    siprest = await startSiprest(`${modules}
script_time_limit=300
route {
  if ($rU == "turns") route(turns);
  if ($rU == "calls") route(calls0);
  if ($rU == "stateful") { t_newtran(); route(turns); }
  if ($rU == "answered") { send_reply(480, "Before"); route(turns); }
  send_reply(200, "OK");
}
${endless}`);
    const long = ask('turns');
    const other = ask('bob');
    expect(await long).toMatchObject({ status: 500, reason: 'Server Internal Error' });
    expect(await other).toMatchObject({ status: 200 });
    // without the limit these turns take a minute
    expect((await other).time).toBeLessThan(2000);
    expect(await ask('calls')).toMatchObject({ status: 500 });
    expect(await ask('stateful')).toMatchObject({ status: 500 });
    expect(await ask('answered')).toMatchObject({ status: 480, reason: 'Before' });
    expect(siprest.stderr).toMatch(/:\d+: the script was ended after 300 ms \(script_time_limit\)/);
  });

  it('does not include waiting, nor many short turns', async () => {
    const service = closeLater(
      await startService((_, response) => void setTimeout(() => response.end('late'), 150)),
    );
    siprest = await startSiprest(`${modules}
script_time_limit=100
route {
  $var(i) = 0;
  while ($var(i) < 3) {
    rest_get("${service.origin}/", $avp(body));
    $var(j) = 0;
    while ($var(j) < 50) { $var(j) += 1; }
    $var(i) += 1;
  }
  $var(i) = 0;
  while ($var(i) < 5000) { $var(i) += 1; }
  async(rest_get("${service.origin}/", $avp(body)), resume);
}
route[resume] {
  $var(i) = 0;
  while ($var(i) < 100) { $var(i) += 1; }
  send_reply(200, "OK");
}`);
    expect(await ask('bob')).toMatchObject({ status: 200 });
  });

  it('with 0 has no limit', async () => {
    siprest = await startSiprest(`${modules}
script_time_limit=0
route {
  $var(i) = 0;
  while ($var(i) < 300) { $var(i) += 1; $var(j) = 0; while ($var(j) < 10000) { $var(j) += 1; } }
  send_reply(200, "OK");
}`);
    expect(await ask('bob')).toMatchObject({ status: 200 });
  });
});
