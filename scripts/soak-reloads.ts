/**
 * `npm run soak:reloads [-- --reloads 200]`: a policy with local files of all kinds, and a script with a module of its own,
 * is changed and reloaded again and again, with calls between. Exit code 1 where a call is answered by an earlier state of
 * a file, or where a reload leaves memory, descriptors or transactions behind.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sendSip } from '../test/support/sip-client.ts';
import { type Figures, megabytes, startSoakServer } from './soak-server.ts';

/** Half a megabyte in each file: what stays of a reload shows. */
const ballast = 'const ballast = Array.from({ length: 64_000 }, (_, i) => i + 0.5);';

/** The files of the state after `reload` reloads. */
const filesOf = (reload: number, service: string): Readonly<Record<string, string>> => ({
  'policy.ts': `import { defineServer, type Call } from 'siprest';
import { named } from './library.ts';
import old from './old.cjs';
import facts from './facts.json' with { type: 'json' };
${ballast}
const later = await import('./later.js');
export default defineServer({
  sockets: ['udp:127.0.0.1:0'],
  logLevel: 'error',
  timers: { t1: 50, t2: 200 },
  script: new URL('./opensips.cfg', import.meta.url),
  async onInvite(call: Call) {
    const answer = await call.rest.get('${service}');
    const states = [named(), old.state, facts.state, later.state, ballast.length - 64_000 + ${reload}];
    return call.reply(answer.kind === 'response' ? 486 : 500, states.join(' '));
  },
});
`,
  'library.ts': `${ballast}\nexport const named = (): number => ${reload} + 64_000 - ballast.length;\n`,
  'later.js': `${ballast}\nexport const state = ${reload} + 64_000 - ballast.length;\n`,
  'old.cjs': `${ballast}\nexports.state = ${reload} + 64_000 - ballast.length;\n`,
  'facts.json': JSON.stringify({ state: reload }),
  'opensips.cfg': `loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "./counter.ts"
route {
  counter_state($var(state));
  t_reply(486, "$var(state)");
}
`,
  'counter.ts': `import { defineModule, defineState } from 'siprest';
import { named } from './library.ts';
${ballast}
const asked = defineState({ per: 'worker', name: 'counter.asked', create: () => ({ count: 0 }) });
export default defineModule({
  name: 'counter',
  summary: 'Says which state of the files runs.',
  functions: [{
    name: 'counter_state',
    arguments: [{ name: 'state', type: 'variable', summary: 'Gets it.' }],
    summary: 'The state of the files.',
    run: (run, state) => {
      asked(run).count++;
      return state.set(run, String(named() + ballast.length - 64_000)) ? 1 : -1;
    },
  }],
});
`,
});

/** Bytes that a reload may leave on the heap, where a file's ballast takes 25 times as much, and what V8 compiles meanwhile. */
const LEFT_AT_MOST = 20_000;
const NOISE = 4e6;
/** Reloads before it counts: what is compiled and cached once has been by then. */
const WARM_UP = 10;

async function soak(reloads: number): Promise<boolean> {
  const service = createServer((_, response) => response.end('ok'));
  await once(service.listen(0, '127.0.0.1'), 'listening');
  const origin = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
  const folder = mkdtempSync(join(tmpdir(), 'siprest-reloads-'));
  const write = (reload: number): void => {
    for (const [name, text] of Object.entries(filesOf(reload, origin)))
      writeFileSync(join(folder, name), text);
  };
  write(0);
  const server = await startSoakServer({ policy: join(folder, 'policy.ts') });
  const { port } = server;
  let stale = 0;
  const call = async (reload: number): Promise<void> => {
    const [invite, options] = await Promise.all(
      ['INVITE', 'SUBSCRIBE'].map(async (method) => (await sendSip({ method }, { port })).at(-1)?.reason),
    );
    if (invite !== Array(5).fill(reload).join(' ') || options !== String(reload)) stale++;
  };
  const reloadTo = async (reload: number): Promise<void> => {
    write(reload);
    await server.reload();
    await call(reload);
  };
  /** When no transaction keeps an earlier policy. */
  const settled = async (): Promise<Figures> => {
    let figures = await server.latest();
    for (let left = 80; left > 0 && figures.transactions > 0; left--) figures = await server.latest();
    // a value may take several collections to go
    for (let left = 5; left > 0; left--) figures = await server.collected();
    return figures;
  };
  await call(0);
  for (let reload = 1; reload <= WARM_UP; reload++) await reloadTo(reload);
  const before = await settled();
  const began = performance.now();
  for (let reload = 1; reload <= reloads; reload++) await reloadTo(WARM_UP + reload);
  const took = (performance.now() - began) / 1000;
  const after = await settled();
  server.stop();
  service.close();
  service.closeAllConnections();
  rmSync(folder, { recursive: true });

  console.log(`${reloads} reloads in ${took.toFixed(0)} s; ${stale} were answered by an earlier state`);
  for (const [name, { resident, heap, descriptors, transactions }] of Object.entries({ before, after }))
    console.log(
      `${name}: ${megabytes(resident)} resident, ${(heap / 1e6).toFixed(1)} MB heap, ${descriptors} descriptors, ${transactions} transactions`,
    );
  const left = after.heap - before.heap;
  const allowed = reloads * LEFT_AT_MOST + NOISE;
  console.log(`left on the heap: ${left} bytes; at most ${allowed} are allowed`);
  return (
    stale === 0 && left <= allowed && after.transactions === 0 && after.descriptors <= before.descriptors + 5
  );
}

const { values } = parseArgs({ options: { reloads: { type: 'string', default: '200' } } });
if (!(await soak(Number(values.reloads)))) process.exitCode = 1;
