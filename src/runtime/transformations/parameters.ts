/** `{param.…}`: a list like `a=1;b=two;c` (trans-param); null for a text that is no such list. */
import { findParameter, parseParameters } from '../../sip/index.ts';
import {
  argument,
  elementAt,
  ofText,
  ofTextAndNumber,
  ofTextAndString,
  rememberLast,
  type Specification,
} from './define.ts';

const listOf = rememberLast(parseParameters);

export const parameterTransformations: readonly Specification[] = [
  {
    name: 'param.value',
    arguments: [argument.string('name')],
    summary: 'The value of a parameter, empty where it has none.',
    example: ['a=1;b=two;c', '{param.value,b}', 'two'],
    prepare: ofTextAndString((text, name) => findParameter(text, name)),
  },
  {
    name: 'param.exist',
    arguments: [argument.string('name')],
    summary: '1 where there is such a parameter, with or without a value, else 0.',
    example: ['a=0;b=2;ob;c=3', '{param.exist,ob}', 1],
    prepare: ofTextAndString((text, name) => (findParameter(text, name) === null ? 0 : 1)),
  },
  {
    name: 'param.valueat',
    arguments: [argument.int('index')],
    summary: 'The value of the parameter at an index (negative: from the end), empty where it has none.',
    example: ['a=1;b=2;c=3', '{param.valueat,1}', '2'],
    prepare: ofTextAndNumber((text, index) => {
      const parameter = elementAt(listOf(text) ?? [], index);
      return parameter === undefined ? null : (parameter.value ?? '');
    }),
  },
  {
    name: 'param.name',
    arguments: [argument.int('index')],
    summary: 'The name of the parameter at an index (negative: from the end).',
    example: ['a=1;b=2;c=3', '{param.name,-1}', 'c'],
    prepare: ofTextAndNumber((text, index) => elementAt(listOf(text) ?? [], index)?.name ?? null),
  },
  {
    name: 'param.count',
    summary: 'How many parameters there are.',
    example: ['a=1;b=2;c=3', '{param.count}', 3],
    prepare: ofText((text) => listOf(text)?.length ?? null),
  },
];
