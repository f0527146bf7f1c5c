/** `{via.…}`: parts of a Via header value (RFC 3261, 20.42); null if the part is missing (pvar-via-text). */
import { defineTransformations } from '../../runtime/index.ts';
import { parseVia, type Via } from '../../sip/index.ts';
import { type Part, partsOf, rememberLast } from './parts.ts';

const viaOf = rememberLast(parseVia);

const example = 'SIP/2.0/UDP 10.0.0.1:5066;branch=z9hG4bK1;received=192.0.2.7;rport=40000 (edge)';

const parts: readonly Part<Via>[] = [
  { name: 'via.name', summary: 'The protocol name.', output: 'SIP', get: (via) => via.name },
  { name: 'via.version', summary: 'The protocol version.', output: '2.0', get: (via) => via.version },
  { name: 'via.transport', summary: 'The transport.', output: 'UDP', get: (via) => via.transport },
  {
    name: 'via.host',
    aliases: ['via.domain'],
    summary: 'The host of the sent-by.',
    output: '10.0.0.1',
    get: (via) => via.host,
  },
  { name: 'via.port', summary: 'The port of the sent-by.', output: 5066, get: (via) => via.port },
  {
    name: 'via.comment',
    summary: 'The comment, without its parentheses.',
    output: 'edge',
    get: (via) => via.comment,
  },
  {
    name: 'via.params',
    summary: 'All parameters, without the first semicolon.',
    output: 'branch=z9hG4bK1;received=192.0.2.7;rport=40000',
    get: (via) => via.params,
  },
  { name: 'via.branch', summary: 'The parameter `branch`.', output: 'z9hG4bK1', get: (via) => via.branch },
  {
    name: 'via.received',
    summary: 'The parameter `received`.',
    output: '192.0.2.7',
    get: (via) => via.received,
  },
  { name: 'via.rport', summary: 'The parameter `rport`.', output: '40000', get: (via) => via.rport || null },
];

export const viaTransformations = defineTransformations([
  {
    name: 'via.param',
    arguments: [{ name: 'name', type: 'string' }],
    summary: 'The value of a parameter, empty if it has no value.',
    example: [example, '{via.param,received}', '192.0.2.7'],
    apply: (text, name) => viaOf(text)?.parameter(name) ?? null,
  },
  ...partsOf(viaOf, example, parts),
]);
