/**
 * Writes src/modules/opensips-names.ts: which functions, variables and transformations OpenSIPS' modules
 * document, and which events they raise, so that `siprest check` can say to which module a name belongs that siprest lacks.
 * Names alone are taken, from the headings of the documentation; no source code is read.
 *
 *   npx tsx scripts/opensips-names.ts PATH-TO-A-CLONE-OF-OpenSIPS/opensips [BRANCH …]
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [clone, ...given] = process.argv.slice(2);
if (clone === undefined) throw new Error('the path of a clone of OpenSIPS/opensips is missing');
const branches =
  given.length > 0
    ? given
    : ['1.8', '1.11', '2.2', '2.4', '3.0', '3.1', '3.2', '3.3', '3.4', '3.5', '3.6', '4.0'];

function git(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('git', ['-C', clone as string, ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

const wanted =
  /Exported (?:Asynchronous |Pseudo-|Script )?(?:Functions|Variables|Events)|^Variables|script transformations/i;

/** What a page's headings name: `f()`, `$v`, `{t}`, `E_EVENT`. */
function namesOf(page: string): Set<string> {
  const names = new Set<string>();
  let depth = 0;
  let fenced = false;
  for (const line of page.split('\n')) {
    if (line.startsWith('```')) fenced = !fenced;
    const [, marks = '', title = ''] = (fenced ? null : /^(#{2,})\s+(.*)$/.exec(line)) ?? [];
    if (marks === '') continue;
    if (depth === 0 || marks.length <= depth) depth = wanted.test(title) ? marks.length : 0;
    else if (marks.length === depth + 1) for (const name of namesIn(title)) names.add(name);
  }
  return names;
}

/** `$tls_[peer|my]_[subject|issuer]` is four names. */
function alternatives(text: string): readonly string[] {
  const [whole, words = ''] = /\[(\w+(?:\|\w+)+)\]/.exec(text) ?? [];
  if (whole === undefined) return [text];
  return words.split('|').flatMap((word) => alternatives(text.replace(whole, word)));
}

/** `t_write_req(info,fifo) t_write_unix(info,sock)`, `$(tm.branch.uri)[]`, `{sdp.line}`, `E_PIKE_BLOCKED` */
function namesIn(title: string): readonly string[] {
  const text = alternatives(title.replace(/[`\\*]/g, '')).join(' ');
  const events = text.match(/\bE_[A-Z][A-Z0-9_]*\b/g);
  if (events !== null) return events;
  const variables = [...text.matchAll(/\$\(?([A-Za-z][\w.]*)/g)].map(
    ([, name = '']) => `$${name.replace(/\.$/, '')}`,
  );
  const transformations = [...text.matchAll(/\{([a-z]\w*\.[\w.-]+)/g)].map(([, name]) => `{${name}}`);
  if (variables.length + transformations.length > 0) return [...variables, ...transformations];
  const found: string[] = [];
  let depth = 0;
  for (const [token, name] of text.matchAll(/([a-z]\w*)\s*(?=\()|[()]/gi)) {
    if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    else if (depth === 0 && name !== undefined) found.push(`${name}()`);
  }
  return found;
}

/** Statements of the language, which the manual lists among the functions. */
const statements = new Set(['assert()', 'break()', 'drop()', 'exit()', 'return()', 'route()']);

const modules = new Map<string, Set<string>>();
const add = (module: string, names: Iterable<string>) => {
  const known = modules.get(module) ?? new Set();
  for (const name of names) if (!statements.has(name) && !name.endsWith('_')) known.add(name);
  modules.set(module, known);
};

/** All that was added so far, so that an older branch does not claim what has moved to another module since. */
const documented = () => new Set([...modules.values()].flatMap((names) => [...names]));

// the latest first
for (const branch of branches.toReversed()) {
  const later = Number(branch) < 2.4 ? documented() : new Set<string>();
  for (const path of git('ls-tree', '-r', '--name-only', branch, 'modules').split('\n')) {
    const module = /^modules\/([\w-]+)\/README\.md$/.exec(path)?.[1];
    if (module !== undefined)
      add(
        module,
        [...namesOf(git('show', `${branch}:${path}`))].filter((name) => !later.has(name)),
      );
  }
}
const headings = (page: string) =>
  git('show', `HEAD:docs/manual/${page}.md`)
    .split('\n')
    .filter((line) => /^##+ /.test(line));
add(
  '',
  headings('Script-CoreFunctions').flatMap((line) => namesIn(line.replace(/^#+ /, ''))),
);
add(
  '',
  headings('Script-CoreVar').flatMap((line) => namesIn(line)),
);
add(
  '',
  headings('Script-Tran').flatMap((line) => namesIn(line)),
);

const wrapped = (line: string) => line.replace(/(.{1,100})(?:\s|$)/g, '$1\n  ').trimEnd();
const lines = [...modules]
  .toSorted(([a], [b]) => (a < b ? -1 : 1))
  .map(([name, names]) => wrapped([`${name === '' ? 'core' : name}:`, ...[...names].toSorted()].join(' ')));
const text = `/**
 * Names in the documentation of OpenSIPS ${branches[0]} to ${branches.at(-1)}, by module: \`f()\`, \`$variable\`, \`{transformation}\`, \`E_EVENT\`. Generated
 * by scripts/opensips-names.ts; includes names that siprest also has.
 */
export const opensipsNames = \`
${lines.join('\n')}
\`;
`;
writeFileSync(fileURLToPath(new URL('../src/modules/opensips-names.ts', import.meta.url)), text);
console.log(
  `${modules.size} modules, ${[...modules.values()].reduce((sum, names) => sum + names.size, 0)} names`,
);
