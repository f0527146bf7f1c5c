/**
 * `{param.…}`: a list like `a=1;b=two;c` (trans-param, edge-empty-gives-null). The reference is stricter here than with
 * the parameters of a header: empty text, a trailing `=` or `;`, or anything after a value makes the whole result null,
 * and a comma ends the list.
 */
import { defineTransformations } from '../../runtime/index.ts';
import { elementAt, rememberLast } from './parts.ts';

interface ListedParameter {
  readonly name: string;
  /** Without its quotes; empty if missing. */
  readonly value: string;
}

const listOf = rememberLast(parseList);

function parseList(text: string): readonly ListedParameter[] | null {
  if (text === '') return null;
  const list: ListedParameter[] = [];
  const parameter =
    /[ \t\r\n]*([^=;,\s]*)[ \t\r\n]*(?:=[ \t\r\n]*(?:"((?:[^"\\]|\\[^])*)"|([^;,"\s][^;,\s]*))[ \t\r\n]*)?([;,]|$)/y;
  for (;;) {
    const match = parameter.exec(text);
    if (match === null) return null;
    const [, name = '', quoted, plain, end] = match;
    list.push({ name, value: quoted ?? plain ?? '' });
    if (end !== ';') return list;
    if (parameter.lastIndex === text.length) return null;
  }
}

function valueOf(text: string, name: string): string | null {
  const wanted = name.toLowerCase();
  return listOf(text)?.find((parameter) => parameter.name.toLowerCase() === wanted)?.value ?? null;
}

export const parameterTransformations = defineTransformations([
  {
    name: 'param.value',
    arguments: [{ name: 'name', type: 'string' }],
    summary: 'The value of a parameter, empty if it has no value.',
    example: ['a=1;b=two;c', '{param.value,b}', 'two'],
    apply: valueOf,
  },
  {
    name: 'param.exist',
    arguments: [{ name: 'name', type: 'string' }],
    summary: '1 if the parameter exists, even without a value, else 0.',
    example: ['a=0;b=2;ob;c=3', '{param.exist,ob}', 1],
    apply: (text, name) => (listOf(text) === null ? null : valueOf(text, name) === null ? 0 : 1),
  },
  {
    name: 'param.valueat',
    arguments: [{ name: 'index', type: 'int' }],
    summary: 'The value of the parameter at an index (negative: from the end), empty if it has no value.',
    example: ['a=1;b=2;c=3', '{param.valueat,1}', '2'],
    apply: (text, index) => {
      return elementAt(listOf(text) ?? [], index)?.value ?? null;
    },
  },
  {
    name: 'param.name',
    arguments: [{ name: 'index', type: 'int' }],
    summary: 'The name of the parameter at an index (negative: from the end).',
    example: ['a=1;b=2;c=3', '{param.name,-1}', 'c'],
    apply: (text, index) => elementAt(listOf(text) ?? [], index)?.name ?? null,
  },
  {
    name: 'param.count',
    arguments: [],
    summary: 'The number of parameters.',
    example: ['a=1;b=2;c=3', '{param.count}', 3],
    apply: (text) => listOf(text)?.length ?? null,
  },
]);
