/**
 * The log lines and diagnostics that README and docs/ quote are those that the program prints: each phrase
 * is a text of the sources, with values in its holes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { pages, root } from '../support/pages.ts';

interface Quoted {
  readonly page: string;
  readonly text: string;
}

/** What follows a level, a kind of diagnostic or the program's name. */
const quotes = [
  /(?:^|[ `])(?:ALERT|CRITICAL|ERROR|WARNING|NOTICE|INFO|DEBUG): ([^`\n]+)/gm,
  /^(?:error|warning|note)\[[\w-]+\]: ([^`\n]+)/gm,
  /^siprest: ([^`\n]+)/gm,
];

const quoted = pages.flatMap(({ name: page, text }): readonly Quoted[] =>
  quotes.flatMap((pattern) => [...text.matchAll(pattern)].map(([, line = '']) => ({ page, text: line }))),
);

const hole = '\0';
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Lines are put together from several texts, mostly between these. */
const phrasesOf = (text: string): readonly string[] => text.split(/(?:: |, |; )/);

/** A template's text, where `count === 1 ? 'line' : 'lines'` is one of its words. */
function textOf(template: ts.TemplateExpression, branch: 'whenTrue' | 'whenFalse'): string {
  const spans = template.templateSpans.map(({ expression, literal }) => {
    const word = ts.isConditionalExpression(expression) ? expression[branch] : expression;
    return (ts.isStringLiteral(word) ? word.text : hole) + literal.text;
  });
  return template.head.text + spans.join('');
}

/** The phrases of a source file's texts, with `hole` where a value is put in. */
function phrasesIn(path: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node))
      found.push(...phrasesOf(node.text));
    if (ts.isTemplateExpression(node)) {
      for (const branch of ['whenTrue', 'whenFalse'] as const) found.push(...phrasesOf(textOf(node, branch)));
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest));
  // what has hardly a letter beside its holes would fit anything
  // but for the name of a call and what it asks, which have no words of their own
  return found.filter((phrase) => phrase.replace(/[^a-z]/gi, '').length >= 6 || phrase.includes('() of '));
}

const patterns = [
  ...new Set(
    readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => phrasesIn(`${root}src/${name}`)),
  ),
].map((phrase) => new RegExp(`^${phrase.split(hole).map(escaped).join('.*?')}$`));

/** The phrases of a line that no source has; single words may be values. */
const unknown = (text: string): readonly string[] =>
  phrasesOf(text).filter(
    (phrase) => phrase.includes(' ') && !patterns.some((pattern) => pattern.test(phrase)),
  );

describe('a line that the documentation quotes', () => {
  it('is found at all', () => {
    expect(quoted.length).toBeGreaterThanOrEqual(8);
    expect(unknown('siprest stops: the last call has ended')).toEqual(['the last call has ended']);
  });

  it.each(quoted)('$page: $text', ({ text }) => {
    expect(unknown(text)).toEqual([]);
  });
});
