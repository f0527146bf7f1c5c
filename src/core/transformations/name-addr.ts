/**
 * `{nameaddr.…}` and `{nameaddr.N.…}`: parts of `"Bob" <sip:bob@x.example>;tag=1`, or of the Nth element of a list
 * (trans-nameaddr).
 */
import { defineTransformation } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { type NameAddr, parseNameAddrs } from '../../sip/index.ts';
import { elementAt, rememberLast } from './parts.ts';

/** The manual's examples use addresses without a scheme. */
const listOf = rememberLast((text) => {
  // a trailing semicolon makes the whole result null, as in the reference
  if (/[;=,]\s*$|;\s*[;,]|=\s*[;,]/.test(text.replace(/"(?:[^"\\]|\\[^])*"|<[^>]*>/g, 'x'))) return null;
  return parseNameAddrs(text, 'optional');
});

interface Part {
  readonly name: string;
  readonly argument?: string;
  readonly summary: string;
  readonly output: Value;
  /** `argument` is empty if the transformation takes no argument. */
  readonly get: (address: NameAddr, argument: string) => Value;
}

const example = '"Bob" <sip:bob@x.example>;tag=12;q=1';

const parts: readonly Part[] = [
  {
    name: 'name',
    summary: 'The display name as written, including quotes',
    output: '"Bob"',
    get: (a) => a.display,
  },
  { name: 'uri', summary: 'The URI', output: 'sip:bob@x.example', get: (a) => a.uri || null },
  {
    name: 'len',
    summary: 'The length in bytes, up to the end of the address',
    output: 25,
    get: (a) => a.addressLength,
  },
  {
    name: 'param',
    argument: 'name',
    summary: 'The value of a parameter, empty if it has no value',
    output: '12',
    get: (a, argument) => a.parameter(argument),
  },
  {
    name: 'params',
    summary: 'All parameters, without the first semicolon',
    output: 'tag=12;q=1',
    get: (a) => a.params,
  },
];

/**
 * Longer than any list in a real header. Each index is a separate transformation, which lets the checker validate it.
 */
const indexes = Array.from({ length: 32 }, (_, i) => i - 16);

export const nameAddrTransformations = parts.flatMap((part) => [
  {
    ...specification(part, 0, `nameaddr.${part.name}`),
    example: [example, written(part), part.output] as const,
  },
  ...indexes.map((index) => specification(part, index, `nameaddr.${index}.${part.name}`)),
]);

function written(part: Part): string {
  return `{nameaddr.${part.name}${part.argument === undefined ? '' : ',tag'}}`;
}

function specification(part: Part, index: number, name: string) {
  const summary = `${part.summary}; of the element ${index} of a list (the first is 0, the last -1).`;
  const get = (text: string, argument: string) => {
    const address = elementAt(listOf(text) ?? [], index);
    return address === undefined ? null : part.get(address, argument);
  };
  return part.argument === undefined
    ? defineTransformation({ name, arguments: [], summary, apply: (text) => get(text, '') })
    : defineTransformation({
        name,
        arguments: [{ name: part.argument, type: 'string' }],
        summary,
        apply: get,
      });
}
