/** `{uri.…}`: parts of a SIP, SIPS or TEL URI; null if the part is missing or the text is not a URI (trans-uri-*). */
import { defineTransformations } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { parseParameters, parseUri, type Uri, uriParameter } from '../../sip/index.ts';
import { type Part, partsOf, rememberLast } from './parts.ts';

const uriOf = rememberLast((text: string): Uri | null => {
  const service = /^(urn):(?:service|nena:service):(.+)$/i.exec(text);
  if (service !== null) return { ...nothing, scheme: service[1] ?? '', host: service[2] ?? null };
  // a colon without a port is ignored
  const uri = parseUri(text) ?? parseUri(text.replace(/^(sips?:[^;?]*):(?=[;?]|$)/i, '$1'));
  return uri?.user === '' ? null : uri;
});

const nothing = { user: null, password: null, host: null, port: null, params: null, headers: null };

/** If a parameter occurs twice, the last one counts here, but the first in `{uri.param}`. */
function lastOf({ params }: Uri, name: string): string | null {
  const list = params === null ? null : parseParameters(params);
  return list?.findLast((parameter) => parameter.name.toLowerCase() === name)?.value ?? null;
}

const parameter = (name: string, transformation: string, output: Value): Part<Uri> => ({
  name: transformation,
  summary: `The value of the parameter \`${name}\`; null if it has none.`,
  output,
  get: (uri) => lastOf(uri, name) || null,
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
  { name: 'uri.port', summary: 'The port as written.', output: 5070, get: (uri) => uri.port },
  {
    name: 'uri.params',
    summary: 'All parameters, without the first semicolon.',
    output: 'transport=tcp;ttl=15;user=phone;maddr=239.255.255.1;method=INVITE;lr;r2=on',
    get: (uri) => uri.params || null,
  },
  {
    name: 'uri.headers',
    summary: 'The headers, without the question mark.',
    output: 'Subject=x',
    get: (uri) => uri.headers || null,
  },
  {
    name: 'uri.schema',
    summary:
      'The scheme: `sip`, `sips`, `tel`, or `urn` for a service URN (RFC 5031), whose host is the service.',
    output: 'sip',
    get: (uri) => uri.scheme,
  },
  parameter('transport', 'uri.transport', 'tcp'),
  parameter('ttl', 'uri.ttl', '15'),
  parameter('user', 'uri.uparam', 'phone'),
  parameter('maddr', 'uri.maddr', '239.255.255.1'),
  parameter('method', 'uri.method', 'INVITE'),
  parameter('lr', 'uri.lr', null),
  parameter('r2', 'uri.r2', 'on'),
];

/** Whether a parameter without a value is followed by `=`. */
function hasEquals(params: string, name: string): boolean {
  const wanted = `${name.toLowerCase()}=`;
  return params.split(';').some((one) => one.trim().toLowerCase() === wanted);
}

export const uriTransformations = defineTransformations([
  {
    name: 'uri.param',
    arguments: [{ name: 'name', type: 'string' }],
    summary: 'The value of a parameter, empty if it has no value; null if nothing follows its `=`.',
    example: [example, '{uri.param,r2}', 'on'],
    apply: (text, name) => {
      const uri = uriOf(text);
      const value = uri === null ? null : uriParameter(uri, name);
      return value === '' && hasEquals(uri?.params ?? '', name) ? null : value;
    },
  },
  ...partsOf(uriOf, example, parts),
]);
