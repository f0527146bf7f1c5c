/**
 * `npm run words`: phrases that a native engineer would not write, in code, comments, diagnostics and documentation. Each
 * comes with what to write instead.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const phrases: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/\bmistakes?\b/i, 'error'],
  [/\bwhere there (?:is one|are some|are any)\b/i, 'if any'],
  [/\bit is written\b[^.]*\bnow\b/i, 'use ... instead'],
  [/"(?:\$\{\w+\}|[^"]*)" is no [a-z]/i, 'invalid ... "..."'],
  [/\btold apart\b/i, 'distinguished by, labelled by'],
  [/\bwhat there is\b|\bthe ones that\b/i, 'the noun'],
  [/\bputs? up with\b/i, 'tolerates'],
  [/\bthe surroundings\b/i, 'what is meant'],
  [/\bwhere it is so\b/i, 'if so'],
  [/\bstarts nothing\b/i, 'unexpected'],
  [/\b(?:is|are) passed over\b/i, 'is ignored, is skipped'],
  [/\bthat are of use\b/i, 'usable'],
  [/\b(?:that|what) is no (?!longer\b|such\b|limit\b)[a-z]/i, 'is not ...'],
  [/\bwhat came of\b/i, 'the noun'],
];

const places = [
  'src',
  'docs',
  'examples',
  'test/script/golden',
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'CODE_OF_CONDUCT.md',
];

const root = fileURLToPath(new URL('../', import.meta.url));
const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', ...places], {
  cwd: root,
  encoding: 'utf8',
});
let found = 0;
for (const file of new Set(stdout.split('\n').filter((name) => name !== ''))) {
  for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
    for (const [phrase, instead] of phrases) {
      const match = phrase.exec(line);
      if (match === null) continue;
      found += 1;
      console.error(`${file}:${index + 1}: "${match[0]}": write "${instead}"`);
    }
  }
}
console.log(`${found || 'no'} phrases to replace`);
process.exitCode = found > 0 ? 1 : 0;
