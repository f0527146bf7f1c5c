/** The Markdown pages that a user reads: README, docs/*.md and examples/README.md, without the generated reference. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Page {
  /** From the repository's root. */
  readonly name: string;
  readonly text: string;
}

export interface CodeBlock {
  readonly page: string;
  /** Of its first line of text, from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

export const pages: readonly Page[] = [
  'README.md',
  'examples/README.md',
  ...readdirSync(`${root}docs`).flatMap((name) => (name.endsWith('.md') ? `docs/${name}` : [])),
].map((name) => ({ name, text: readFileSync(root + name, 'utf8') }));

export function codeBlocks({ name, text }: Page): readonly CodeBlock[] {
  return [...text.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page: name,
    line: text.slice(0, match.index).split('\n').length + 1,
    language: match[1] ?? '',
    text: match[2] ?? '',
  }));
}
