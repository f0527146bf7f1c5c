/** Examples are copied: none puts what a caller writes into a URL as it is. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** Variables that hold what a message says. */
const fromMessage = /\$(?:\((?:[frt][uUdn]|ct|ua|ci|hdr)\b(?![^)]*escape)|(?:[frto][uUdn]|ct|ua|hdr)\b)/;

const files = [
  'README.md',
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? `docs/${name}` : [])),
  ...readdirSync('examples', { recursive: true, encoding: 'utf8' }).flatMap((name) =>
    /\.(?:cfg|ts)$/.test(name) ? `examples/${name}` : [],
  ),
];

test.each(files)('%s', (file) => {
  // what a page shows as wrong is not copied
  const text = readFileSync(file, 'utf8').replace(/```opensips-wrong\n[\s\S]*?```/g, '');
  const urls = text.match(/"https?:\/\/[^"\n]*"(?: \+ [^;]*)?/g) ?? [];
  expect(urls.filter((url) => fromMessage.test(url))).toEqual([]);
});
