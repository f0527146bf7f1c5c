/**
 * `npm run words`: phrases that a native engineer would not write, in code, comments, diagnostics and documentation. Each
 * comes with what to write instead.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const phrases: readonly (readonly [phrase: RegExp, instead: string])[] = [
  [/mistak/i, 'error'],
  [/patience/i, 'timeout, limit'],
  [/surroundings/i, 'the noun'],
  [/\bretired\b/i, 'replaced, removed'],
  [/\bdetached\b(?!: true)/i, 'what happened to it'],
  [
    /(?<!\bthere )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b)["'`$\w]/i,
    'invalid ..., is not ...',
  ],
  [/\b(?:it|that|this|what|which)'s no \w/i, 'is not ...'],
  [/\b(?:that|what|which) (?:is|are) none\b/i, 'invalid ...'],
  [/\bwhere there (?:is|are)\b/i, 'if any'],
  [/\bit is written\b[^.]*\bnow\b/i, 'use ... instead'],
  [/\b(?:told|tells?|telling) apart\b/i, 'distinguished by, labelled by'],
  [/\bwhat (?:came|comes|has come|had come|there (?:is|are|was|were))\b|\bthe ones that\b/i, 'the noun'],
  [/\bputs? up with\b/i, 'tolerates'],
  [/\bwhere it is so\b/i, 'if so'],
  [/\bstarts nothing\b/i, 'unexpected'],
  [/\b(?:is|are) passed over\b/i, 'is ignored, is skipped'],
  [/\bthat are of use\b/i, 'usable'],
  [/\bstands? how\b|\bhow others know\b/i, 'the advertised host'],
  [/\bis there once\b/i, 'valid only after'],
  [/\bby what they are\b/i, 'by, per'],
  [/\bone that is not INVITE\b/i, 'non-INVITE'],
  [/\b(?:that|as) had come by now\b/i, 'pending'],
  [/\bwhich is behind, and not\b/i, 'is the bottleneck'],
  [/\b(?:compares|checks|knows|has|is|are) but (?:the|a|an|one)\b/i, 'only'],
  [/\bhas to know of\b|\bgo this way\b/i, 'sees'],
  [/\bnot there yet\b/i, 'missing'],
  [/\bkeeps them without\b|\bwith it would stay\b/i, 'does not hold ... in memory'],
  [/\bnobody knows\b/i, 'unknown'],
  [/\bin no bucket\b|\bwas made to be\b/i, 'is an attack'],
  [/\bno descriptor for anything\b/i, 'file descriptors are exhausted'],
  [/\ba second there is none\b/i, 'are dropped silently'],
];

const places = [
  '.github',
  'src',
  'docs',
  'examples',
  'bench',
  'scripts',
  'test',
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'SECURITY.md',
  'CODE_OF_CONDUCT.md',
];

/** Recorded from OpenSIPS, or this list itself. */
const exempt = /^test\/conformance\/(?:vectors|scenarios)\/|^scripts\/phrases\.ts$/;

const root = fileURLToPath(new URL('../', import.meta.url));
const { stdout } = spawnSync('git', ['ls-files', '-co', '--exclude-standard', ...places], {
  cwd: root,
  encoding: 'utf8',
});
let found = 0;
for (const file of new Set(stdout.split('\n').filter((name) => name !== '' && !exempt.test(name)))) {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    // a phrase may continue on the next line, after its comment sign
    const following = (lines[index + 1] ?? '').replace(/^\s*(?:\*|\/\/)?\s*/, '');
    const text = `${line.trimEnd()} ${following}`;
    for (const [phrase, instead] of phrases) {
      const match = phrase.exec(text);
      if (match === null || match.index >= line.length) continue;
      found += 1;
      console.error(`${file}:${index + 1}: "${match[0]}": write "${instead}"`);
    }
  }
}
console.log(`${found || 'no'} phrases to replace`);
process.exitCode = found > 0 ? 1 : 0;
