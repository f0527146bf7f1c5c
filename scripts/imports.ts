/**
 * Who imports whom in src/.
 *
 *   npm run imports                checks the rules of .dependency-cruiser.mjs
 *   npm run imports -- --graph     also draws the rooms as a Mermaid graph: every arrow points down
 *
 * CONTRIBUTING.md has that graph between two marks; the check fails where it differs, `--write` brings it up to date.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { cruise, type ICruiseResult, type IForbiddenRuleType } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

interface Rules {
  /** From the bottom to the top. */
  readonly layers: readonly string[];
  readonly default: { readonly forbidden: IForbiddenRuleType[]; readonly options: object };
}

const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);
const { layers, default: rules }: Rules = await import(pathToFileURL(`${root}.dependency-cruiser.mjs`).href);
const { output } = await cruise(
  ['src'],
  { ...rules.options, validate: true, ruleSet: { forbidden: rules.forbidden } },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
);
if (typeof output === 'string') throw new TypeError('expected a result, not a report');

const problems = violations(output);
const graph = draw(output, problems);
const page = `${root}CONTRIBUTING.md`;
const [open, close] = ['<!-- npm run imports -- --write -->\n', '<!-- end of the graph -->'];
const text = readFileSync(page, 'utf8');
const drawn = text.replace(
  /(<!-- npm run imports -- --write -->\n)[\s\S]*(?=<!-- end of the graph -->)/,
  () => {
    return `${open}\n\`\`\`mermaid\n${graph}\`\`\`\n\n`;
  },
);
if (process.argv.includes('--write')) writeFileSync(page, drawn);
else if (!text.includes(open) || !text.includes(close) || drawn !== text)
  problems.push('the graph in CONTRIBUTING.md is out of date: npm run imports -- --write');

if (process.argv.includes('--graph')) console.log(graph);
const { totalCruised, totalDependenciesCruised = 0 } = output.summary;
for (const problem of problems) console.log(problem);
console.log(`${totalCruised} files, ${totalDependenciesCruised} imports, ${problems.length} violations`);
process.exitCode = problems.length > 0 ? 1 : 0;

function violations({ summary }: ICruiseResult): string[] {
  return summary.violations.map(({ rule, from, to, cycle }) => {
    const path = cycle === undefined ? to : cycle.map(({ name }) => name).join(' -> ');
    return `${rule.name}: ${from} -> ${path}`;
  });
}

/** Rooms of src/ with an arrow for each that imports another; an arrow that points up is added to `found`. */
function draw({ modules }: ICruiseResult, found: string[]): string {
  const roomOf = (file: string): string | null => {
    const [, room = null] = /^src\/([^/]+)(?:\/|$)/.exec(file) ?? [];
    return room;
  };
  const arrows = new Map<string, { from: string; to: string }>();
  for (const { source, dependencies } of modules) {
    const from = roomOf(source);
    if (from === null) continue;
    for (const { resolved } of dependencies) {
      const to = roomOf(resolved);
      if (to !== null && to !== from) arrows.set(`${from} ${to}`, { from, to });
    }
  }
  const lines = [...arrows.values()];
  for (const { from, to } of lines)
    if (layers.indexOf(from) <= layers.indexOf(to)) found.push(`upward: ${from} imports ${to}`);
  lines.sort(
    (a, b) => layers.indexOf(b.from) - layers.indexOf(a.from) || layers.indexOf(b.to) - layers.indexOf(a.to),
  );
  return `flowchart TD\n${lines.map(({ from, to }) => `  ${from} --> ${to}\n`).join('')}`;
}
