/** `{uri.…}`: parts of a SIP, SIPS or TEL URI; null for a part that is missing or a text that is no URI (trans-uri-*). */
import type { Value } from '../../script/index.ts';
import { parseUri, type Uri, uriParameter } from '../../sip/index.ts';
import { argument, ofTextAndString, type Part, partsOf, rememberLast, type Specification } from './define.ts';

const uriOf = rememberLast(parseUri);

const parameter = (name: string, transformation: string, output: Value): Part<Uri> => ({
  name: transformation,
  summary: `The value of the parameter \`${name}\`, empty where it has none.`,
  output,
  get: (uri) => uriParameter(uri, name),
});

const example =
  'sip:bob:pw@host.example:5070;transport=tcp;ttl=15;user=phone;maddr=239.255.255.1;method=INVITE;lr;r2=on?Subject=x';

const parts: readonly Part<Uri>[] = [
  {
    name: 'uri.user',
    summary: 'The user part, without the password.',
    output: 'bob',
    get: (uri) => uri.user,
  },
  {
    name: 'uri.host',
    aliases: ['uri.domain'],
    summary: 'The host; an IPv6 address keeps its brackets.',
    output: 'host.example',
    get: (uri) => uri.host,
  },
  { name: 'uri.passwd', summary: 'The password.', output: 'pw', get: (uri) => uri.password },
  { name: 'uri.port', summary: 'The port as it is written.', output: 5070, get: (uri) => uri.port },
  {
    name: 'uri.params',
    summary: 'All parameters, without the first semicolon.',
    output: 'transport=tcp;ttl=15;user=phone;maddr=239.255.255.1;method=INVITE;lr;r2=on',
    get: (uri) => uri.params,
  },
  {
    name: 'uri.headers',
    summary: 'The headers, without the question mark.',
    output: 'Subject=x',
    get: (uri) => uri.headers,
  },
  {
    name: 'uri.schema',
    summary: 'The scheme: `sip`, `sips` or `tel`.',
    output: 'sip',
    get: (uri) => uri.scheme,
  },
  parameter('transport', 'uri.transport', 'tcp'),
  parameter('ttl', 'uri.ttl', '15'),
  parameter('user', 'uri.uparam', 'phone'),
  parameter('maddr', 'uri.maddr', '239.255.255.1'),
  parameter('method', 'uri.method', 'INVITE'),
  parameter('lr', 'uri.lr', ''),
  parameter('r2', 'uri.r2', 'on'),
];

export const uriTransformations: readonly Specification[] = [
  ...partsOf(uriOf, example, parts),
  {
    name: 'uri.param',
    arguments: [argument.string('name')],
    summary: 'The value of a parameter, empty where it has none.',
    example: [example, '{uri.param,r2}', 'on'],
    prepare: ofTextAndString((text, name) => {
      const uri = uriOf(text);
      return uri === null ? null : uriParameter(uri, name);
    }),
  },
];
