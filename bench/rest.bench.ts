/**
 * The REST client against other HTTP clients, on loopback:
 *
 *   npm run bench:rest [-- --rounds 5] [--only GET-64,…] [--rivals siprest,…] [--write]
 *
 * nginx serves; each client runs in a process of its own, in random order, for several rounds, and the medians
 * are shown: of each figure, and of what siprest's CPU was of the other's in each round. Five rounds take some ten
 * minutes. `--write` puts the table into the documentation. It installs what it compares with into bench/
 * (bench/package.json) and compiles bench/rest/libcurl-multi.c, so it needs nginx, gcc and libcurl4-openssl-dev.
 * With `--smoke` it needs Node alone: a few hundred requests to node:http. At the end, or alone with `--only policies`, it
 * shows what policies cost, and what a cache saves, by the CPU of a request without any.
 */
import { parseArgs } from 'node:util';
import { measure, SCENARIOS } from './rest/measure.ts';
import { policyCosts } from './rest/policy-costs.ts';
import { build, installRivals } from './rest/prepare.ts';
import { FRESH, startNginx, startNode } from './rest/servers.ts';
import { markdown, writeTable } from './rest/table.ts';

const { values } = parseArgs({
  options: {
    smoke: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    rivals: { type: 'string', default: '' },
  },
});

const list = (text: string): string[] => text.split(',').filter((part) => part !== '');
const { smoke } = values;
const rounds = smoke ? 1 : Number(values.rounds);
const only = list(values.only);
const scenarios = SCENARIOS.filter(
  ({ name, protocol }) => (only.length === 0 || only.includes(name)) && (!smoke || protocol === 'http'),
);
const tools = build(smoke);
if (!smoke && scenarios.length > 0) installRivals();
const server = smoke ? await startNode() : await startNginx();
try {
  const started = performance.now();
  if (scenarios.length > 0) await compareWithRivals(started);
  if (only.length === 0 || only.includes('policies'))
    console.log(await policyCosts(tools.product, `${server.origin}${FRESH}x`, smoke));
} finally {
  await server.stop();
}

async function compareWithRivals(started: number): Promise<void> {
  const results = await measure({ server, tools, smoke, rounds, rivals: list(values.rivals) }, scenarios);
  console.log(markdown(results));
  if (values.write) writeTable(results, rounds, (performance.now() - started) / 60_000);
}
