/**
 * Scripts that are almost right, from a corpus of scripts that are: reading one may not throw, takes a time that its
 * length bounds, and one without errors runs to its end. `npm run fuzz:script -- [seconds] [seed]`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runRoute } from '../../src/engine/index.ts';
import { loadScript, renderDiagnostics } from '../../src/index.ts';
import { type Program, Request } from '../../src/runtime/index.ts';
import { parseMessage, SipRequest, type Transport } from '../../src/sip/index.ts';
import { Chance, mutated } from '../support/chance.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { poolOf } from '../support/script-bench.ts';

const folder = (path: string): URL => new URL(`../../${path}/`, import.meta.url);
const textOf = (url: URL): string => readFileSync(url, 'latin1');

interface Vector {
  readonly script: string;
  readonly routes: string;
}

const modules = ['signaling', 'sl', 'maxfwd', 'sipmsgops', 'textops', 'cfgutils', 'json', 'cachedb_local'];
const header = modules.map((name) => `loadmodule "${name}.so"\n`).join('');

/** The scripts of the vectors, those of the examples, and the diagnostics' right and wrong ones. */
function readCorpus(): readonly string[] {
  const vectors = readdirSync(folder('test/conformance/vectors')).flatMap((name) => {
    const ofFile: readonly Vector[] = JSON.parse(textOf(new URL(name, folder('test/conformance/vectors'))));
    return ofFile;
  });
  const examples = readdirSync(folder('examples'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.cfg'))
    .map((name) => textOf(new URL(name, folder('examples'))));
  const documented = [
    ...textOf(new URL('diagnostics.md', folder('docs'))).matchAll(/^```opensips\n(.*?)^```/gms),
  ].map(([, code = '']) => code);
  return [
    ...vectors.map(
      ({ script, routes }) => `${header}route {\n${script.replaceAll('P("', 'xlog("')}\n}\n${routes}`,
    ),
    ...documented,
    ...examples,
  ];
}

/** What breaks parsers, compilers and what runs: brackets, quotes, numbers at the limits, names. */
const PIECES = [
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  '"',
  "'",
  '\\',
  '$',
  '$$',
  '$(',
  ';',
  ',',
  '\n',
  '\0',
  '\xff\xfe',
  '/*',
  '#',
  'NULL',
  '-1',
  '2147483648',
  '99999999999999999999',
  '$var(x)',
  '$avp(x)',
  '$(avp(x)[-1])',
  '$(avp(x)[*])',
  '$(avp(x)[append])',
  '$json(x/y[0])',
  '$(hdr(X)[$var(x)])',
  '$param(1)',
  '$ru',
  '{s.substr,-1,$var(x)}',
  '{s.select,1,}',
  '{re.subst,/(a*)*b/\\\\1/g}',
  '{nameaddr.-1.uri}',
  '{param.value,}',
  '{uri.host}',
  '{csv.value,-2}',
  '=~ "(a+)+$"',
  ':=',
  '+=',
  '<<',
  '== NULL',
  'while (1) ',
  'if (',
  'else ',
  'for ($var(x) in $(avp(x)[*])) ',
  'switch ($var(x)) { case "a": ',
  'return(0);',
  'exit;',
  'break;',
  'route(a);',
  'xlog("',
  'async(',
  'a'.repeat(3000),
  '('.repeat(300),
  '$var('.repeat(300),
];

/** A string, a variable, a number or a transformation: what may stand in for another of its kind. */
const value = /"[^"\n]*"|\$\(?[\w.]+(?:\([^()\n]*\))?|\b\d+\b|\{[a-z]+\.[^{}\n]*\}/g;
const kindOf = (text: string) => (/^\d/.test(text) ? '0' : text.charAt(0));

/** All values of the corpus by their kind. */
function valuesOf(corpus: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, string[]>([['0', ['-1', '0', '2147483647', '0x80000000', '0777']]]);
  for (const [text] of corpus.join('\n').matchAll(value)) {
    const kind = kindOf(text);
    const known = all.get(kind);
    if (known === undefined) all.set(kind, [text]);
    else known.push(text);
  }
  return all;
}

/** With other values in up to five places, so that it mostly stays a script. */
function revalued(chance: Chance, text: string, values: ReadonlyMap<string, readonly string[]>): string {
  let out = text;
  for (let n = 1 + chance.below(5); n > 0; n--) {
    const found = [...out.matchAll(value)];
    if (found.length === 0) return out;
    const { 0: old, index } = chance.of(found);
    const other = chance.of(values.get(kindOf(old)) ?? [old]);
    out = out.slice(0, index) + other + out.slice(index + old.length);
  }
  return out;
}

/** Not to be run, since it waits, sends, or ends the process. */
const unrunnable =
  /sleep|rest_|async|launch|relay|forward|send\s*\(|t_|_lock|abort|loadmodule "(?!signaling|sl|maxfwd|sipmsgops|textops|cfgutils|json|cachedb)|route\[?\w*\]?\s*,/;

const socket: Transport = {
  protocol: 'udp',
  reliable: false,
  local: { address: '127.0.0.1', port: 5060 },
  send: (_data, _address, _port, done) => done?.(null),
  close: async () => {},
};
const requestBytes = Buffer.from(sampleRequest.replaceAll('\n', '\r\n'), 'latin1');

async function run(program: Program): Promise<void> {
  const { routing, pool } = poolOf(program, 'json', () => {});
  let failure: unknown = null;
  try {
    await routing.begin({ isFirst: false });
    const source = { address: '192.0.2.7', port: 5062, transport: 'udp' as const };
    const message = parseMessage(requestBytes, source, socket);
    if (!(message instanceof SipRequest)) throw new Error('it is a request');
    pool.submit(async (worker) => {
      try {
        await runRoute(worker, new Request(routing, message), program.compiled.main);
      } catch (error) {
        failure = error;
      }
    });
    await pool.idle();
  } finally {
    await routing.close();
    await routing.host.close();
  }
  if (failure !== null) throw failure;
}

/** CPU in ms that reading and running a script of this many bytes may take: hundreds of times what it does. */
const allowance = (length: number): number => 3000 + length;

/** One changed script. True when it was without errors, and ran. */
async function round(text: string): Promise<boolean> {
  const began = process.cpuUsage();
  const script = loadScript(text, { fileName: 'fuzz.cfg', allowMissing: true });
  renderDiagnostics(script.diagnostics, script.sources, { color: false });
  const runs = script.isValid && !unrunnable.test(text);
  if (runs) await run(script.program);
  const { user, system } = process.cpuUsage(began);
  const spent = (user + system) / 1000;
  if (spent > allowance(text.length))
    throw new Error(`${text.length} bytes took ${Math.round(spent)} ms of CPU`);
  return runs;
}

export interface FuzzOptions {
  readonly rounds: number;
  /** In ms; ends it before the rounds do. */
  readonly time?: number;
  readonly seed: number;
}

/** How many scripts were read, and how many of them ran. Rejects with an error that shows the script. */
export async function fuzz(options: FuzzOptions): Promise<{ read: number; ran: number }> {
  const until = performance.now() + (options.time ?? Number.POSITIVE_INFINITY);
  const corpus = readCorpus();
  const runnable = corpus.filter((text) => !unrunnable.test(text));
  const values = valuesOf(runnable);
  let ran = 0;
  let read = 0;
  for (; read < options.rounds && performance.now() < until; read++) {
    const chance = new Chance(options.seed + read);
    const text = chance.happens(0.5)
      ? mutated(chance, chance.of(corpus), PIECES)
      : revalued(chance, chance.of(runnable), values);
    try {
      if (await round(text)) ran++;
    } catch (error) {
      throw new Error(`with seed ${options.seed + read}:\n${text.slice(0, 5000)}\n`, { cause: error });
    }
  }
  return { read, ran };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = '600', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2);
  console.log(`fuzzing for ${seconds} s from seed ${seed}`);
  const { read, ran } = await fuzz({
    rounds: Number.POSITIVE_INFINITY,
    time: Number(seconds) * 1000,
    seed: Number(seed),
  });
  console.log(`${read} scripts, of which ${ran} ran: nothing found`);
}
