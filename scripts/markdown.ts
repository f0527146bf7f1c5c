/** What the checks read of a Markdown page. */
import { dirname, join, normalize } from 'node:path';

const codeBlock = /^(\s*)(`{3,})[^\n]*\n[\s\S]*?^\s*\2\s*$/gm;

export const withoutCodeBlocks = (text: string): string => text.replace(codeBlock, '');

/** The text without code, with its line breaks. */
export const prose = (text: string): string =>
  withoutCodeBlocks(text).replace(/(`+)[\s\S]*?\1/g, (span) => '\n'.repeat(span.split('\n').length - 1));

export interface Link {
  /** As it is written. */
  readonly target: string;
  /** From the root of the repository. */
  readonly path: string;
  readonly anchor: string | undefined;
}

/** Where the repository's own pages are found from outside of it. */
export const repositoryUrl = 'https://github.com/siprest/siprest/blob/main/';

/** All link targets of a page. */
const targets = (text: string): readonly string[] =>
  [...prose(text).matchAll(/\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map(([, target = '']) => target);

/** The links of a page to other files beside it, and to its own headings. */
export const relativeLinks = (page: string, text: string): readonly Link[] =>
  targets(text)
    .filter((target) => !/^[a-z][a-z+.-]*:/i.test(target))
    .map((target) => link(target, target, page));

/** The links of a page to files of the repository, by its address as well. */
export const repositoryLinks = (page: string, text: string): readonly Link[] => [
  ...relativeLinks(page, text),
  ...targets(text)
    .filter((target) => target.startsWith(repositoryUrl))
    .map((target) => link(target, target.slice(repositoryUrl.length), '')),
];

function link(target: string, text: string, page: string): Link {
  const [path = '', anchor] = text.split('#');
  return {
    target,
    path: path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path))),
    anchor,
  };
}

/** The anchors that GitHub makes of a page's headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const counts = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCodeBlocks(text).matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{Letter}\p{Number}\s_-]/gu, '')
      .replaceAll(' ', '-');
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}
