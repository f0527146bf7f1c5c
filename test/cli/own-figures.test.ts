/** Figures of modules of one's own: in `siprest status`, metrics and `siprest modules`, over all processes. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { httpUrl } from '../support/http-url.ts';
import { place } from '../support/place.ts';
import { launchSiprest } from '../support/program.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWatched } from '../support/watched.ts';

const module = (figures: string) => `import { defineModule, defineState } from 'siprest';
const lookups = defineState({ per: 'process', name: 'billing.lookups', create: () => ({ found: 0, unknown: 0 }) });
export default defineModule({
  name: 'billing',
  summary: 'Bills calls.',
  figures: [${figures}],
  functions: [{
    name: 'billing_lookup',
    arguments: [],
    summary: 'Looks it up.',
    run: (run) => { lookups(run)[run.message.method === 'OPTIONS' ? 'found' : 'unknown']++; return 1; },
  }],
});
`;
const counter = `{ name: 'billing_lookups', kind: 'counter', unit: 'calls', labels: ['result'], summary: 'Lookups by result.',
    read: (process) => ({ ...lookups(process) }) },`;
const others = `{ name: 'billing_process', kind: 'gauge', unit: '', over: 'max', summary: 'The last process.',
    read: (process) => process.number },
  { name: 'billing_time', kind: 'histogram', unit: 's', labels: ['result'], bounds: [0.1, 1], summary: 'Times.',
    read: (process) => ({ found: { count: lookups(process).found, sum: 0.5, buckets: [0, lookups(process).found, 0] } }) },
  { name: 'billing_broken', kind: 'gauge', unit: 'calls', summary: 'Never there.',
    read: () => { throw new Error('no rates'); } },
  { name: 'billing_text', kind: 'gauge', unit: 'calls', summary: 'No number.', read: () => 'many' },`;

const script = (file: string) => `loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "${file}"
route { billing_lookup(); send_reply(200, "OK"); }
`;

describe.each([1, 2])('with %d process(es)', (processes) => {
  it('are added up, survive a reload, and one that fails is 0', async () => {
    const file = join(temporaryFolder('own-figures'), 'billing.ts');
    writeFileSync(file, module(counter + others));
    const program = closeLater(
      await startWatched(script(file), { processes, args: ['--http', '127.0.0.1:0'] }),
    );
    const url = await httpUrl(program);
    const alice = await SipPeer.open();
    const call = async (method: string) => {
      alice.request(program.port, 'sip:bob@127.0.0.1', { method });
      await alice.next(200);
    };
    for (let i = 0; i < 6; i++) await call('OPTIONS');
    await call('MESSAGE');
    const metrics = async () => (await (await fetch(`${url}metrics`)).text()).split('\n');
    const expected = [
      'siprest_billing_lookups_total{result="found"} 6',
      'siprest_billing_lookups_total{result="unknown"} 1',
      `siprest_billing_process ${processes - 1}`,
      'siprest_billing_time_seconds_bucket{result="found",le="1.0"} 6',
      'siprest_billing_broken 0',
      'siprest_billing_text 0',
    ];
    expect((await metrics()).filter((line) => line.startsWith('siprest_billing'))).toEqual(
      expect.arrayContaining(expected),
    );
    expect(await metrics()).toContain('# HELP siprest_billing_lookups_total Lookups by result.');
    await program.prints('the figure billing_broken cannot be read: Error: no rates');
    await program.prints('the figure billing_text has an invalid value');
    const { total, ownFigures } = await program.status();
    expect(total['billing_lookups']).toEqual({ found: 6, unknown: 1 });
    expect(ownFigures.map(({ name }) => name)).toEqual([
      'billing_lookups',
      'billing_process',
      'billing_time',
      'billing_broken',
      'billing_text',
    ]);
    const asked = program.command('mi', 'get_statistics', 'billing:');
    await asked.ended;
    expect(JSON.parse(asked.stdout)).toMatchObject({
      'billing:lookups.found': 6,
      'billing:lookups.unknown': 1,
      'billing:process': processes - 1,
    });
    const shown = program.command('status');
    await shown.ended;
    expect(shown.stdout).toMatch(/^billing_lookups found +(?:\d+ +)*6 +calls$/m);

    writeFileSync(file, module(counter));
    expect(await program.command('reload').ended).toBe(0);
    await call('OPTIONS');
    const after = (await metrics()).filter((line) => line.startsWith('siprest_billing'));
    expect(after).toEqual([
      'siprest_billing_lookups_total{result="found"} 7',
      'siprest_billing_lookups_total{result="unknown"} 1',
    ]);
  });
});

it('a process that dies makes no counter smaller', async () => {
  const file = join(temporaryFolder('own-figures'), 'billing.ts');
  writeFileSync(file, module(counter));
  const program = closeLater(await startWatched(script(file), { processes: 2 }));
  const alice = await SipPeer.open();
  for (let i = 0; i < 4; i++) {
    alice.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS' });
    await alice.next(200);
  }
  expect((await program.status()).total['billing_lookups']).toEqual({ found: 4, unknown: 0 });
  for (const pid of await program.pids()) process.kill(pid, 'SIGKILL');
  await program.prints(
    /process 0 runs again[^]*process 1 runs again|process 1 runs again[^]*process 0 runs again/,
  );
  expect((await program.status()).total['billing_lookups']).toEqual({ found: 4, unknown: 0 });
});

it('are read by $stat, over all processes', async () => {
  const file = join(temporaryFolder('own-figures'), 'billing.ts');
  writeFileSync(file, module(counter));
  const script = `loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "statistics.so"
loadmodule "${file}"
route {
  if ($rm == "INFO") send_reply(200, "$stat(billing:lookups.found) of $stat(billing:lookups), $stat(billing:lookups.none)");
  else { billing_lookup(); send_reply(200, "OK"); }
}
`;
  const program = closeLater(await startWatched(script, { processes: 2 }));
  const alice = await SipPeer.open();
  for (const method of ['OPTIONS', 'OPTIONS', 'OPTIONS', 'MESSAGE']) {
    alice.request(program.port, 'sip:bob@127.0.0.1', { method });
    await alice.next(200);
  }
  await expect
    .poll(async () => {
      alice.request(program.port, 'sip:bob@127.0.0.1', { method: 'INFO' });
      return (await alice.next(200)).reason;
    })
    .toBe('3 of 4, 0');
});

it('check finds what is wrong with their rows', async () => {
  const file = join(temporaryFolder('own-figures'), 'billing.ts');
  const row = (text: string) => `{ ${text}, summary: 'Text.' },`;
  writeFileSync(
    file,
    module(
      [
        row(`name: 'lookups', kind: 'counter', unit: 'calls', read: () => 1`),
        row(`name: 'billing_a', kind: 'sum', unit: 'calls', read: () => 1`),
        row(`name: 'billing_b', kind: 'counter', read: () => 1`),
        row(`name: 'billing_c', kind: 'counter', unit: 'calls'`),
        row(`name: 'billing_d', kind: 'histogram', unit: 's', read: () => ({})`),
        row(`name: 'billing_e', kind: 'gauge', unit: 's', labels: ['a b'], read: () => 1`),
      ].join('\n'),
    ),
  );
  const program = launchSiprest(['check', file]);
  expect(await program.ended).toBe(1);
  const said = program.stdout + program.stderr;
  for (const problem of [
    'the figure billing_a needs a kind: counter, gauge or histogram',
    'the figure billing_b needs a unit',
    'the figure billing_c needs read',
    'the figure billing_d needs bounds, in s',
    'the labels of the figure billing_e must be words',
  ])
    expect(said).toContain(problem);
});

it('check refuses names that could be those of others', async () => {
  const file = join(temporaryFolder('own-figures'), 'rest.ts');
  writeFileSync(
    file,
    `import { defineModule } from 'siprest';
export default defineModule({
  name: 'rest',
  summary: 'Has the names of others.',
  figures: [
    { name: 'lookups', kind: 'counter', unit: '', summary: 'Text.', read: () => 1 },
    { name: 'rest_time', kind: 'counter', unit: '', summary: 'Text.', read: () => 1 },
  ],
});
`,
  );
  const program = launchSiprest(['check', file]);
  expect(await program.ended).toBe(1);
  const said = program.stdout + program.stderr;
  expect(said).toContain('the figure lookups must be called rest_');
  expect(said).toContain('rest_time is the name of a figure of siprest');
});

it('siprest modules prints them', async () => {
  const { run } = place();
  const file = join(temporaryFolder('own-figures'), 'billing.ts');
  writeFileSync(file, module(counter));
  const { printed } = await run('modules', file);
  expect(printed).toContain(
    'Figures\n  billing_lookups (counter, calls, by result)\n      Lookups by result.\n',
  );
});
