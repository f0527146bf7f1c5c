/**
 * The modules that carry administration commands: the server opens what they configure. Source: modules/mi_fifo,
 * modules/mi_datagram and modules/mi_http of the manual.
 */
import { readFileSync } from 'node:fs';
import { defineModule } from '../runtime/index.ts';
import { defineParameter, defineParameters, InvalidUse } from '../script/index.ts';

const notTraced = 'siprest does not trace administration commands';

const prettyPrinting = defineParameter({
  name: 'pretty_printing',
  type: 'boolean',
  default: false,
  summary: 'Whether answers have line breaks.',
});
const tracing = defineParameters([
  {
    name: 'trace_destination',
    type: 'string',
    default: null,
    summary: 'Where to trace commands.',
    inert: notTraced,
  },
  { name: 'trace_bwlist', type: 'string', default: null, summary: 'Commands to trace.', inert: notTraced },
]);

export const fifoParameters = defineParameters([
  {
    name: 'fifo_name',
    type: 'string',
    default: '/tmp/opensips_fifo',
    summary: 'The path of the FIFO, which is created unless it exists.',
  },
  {
    name: 'fifo_mode',
    type: 'int',
    default: 0o660,
    minimum: 0,
    maximum: 0o777,
    summary: 'Its permissions: 0660.',
  },
  { name: 'fifo_group', type: 'string', default: null, summary: 'Its group, by name or number.' },
  { name: 'fifo_user', type: 'string', default: null, summary: 'Its owner, by name or number.' },
  { name: 'reply_dir', type: 'string', default: '/tmp/', summary: 'The directory of reply FIFOs.' },
  prettyPrinting,
  ...tracing,
]);

export const miFifo = defineModule({
  name: 'mi_fifo',
  summary:
    'Administration by JSON-RPC over a FIFO: `:REPLY_FIFO:JSON`. A change takes effect at the next start.',
  source: 'modules/mi_fifo',
  parameters: fifoParameters,
});

export const datagramParameters = defineParameters([
  {
    name: 'socket_name',
    type: 'string',
    default: null,
    summary:
      'The loopback address and port: `udp:127.0.0.1:8080`. Datagrams carry no token, and Node.js has no UNIX datagram sockets.',
  },
  prettyPrinting,
  ...defineParameters([
    { name: 'children_count', type: 'int', default: 1, summary: 'Processes.', inert: 'one socket is enough' },
    {
      name: 'unix_socket_mode',
      type: 'int',
      default: 0o660,
      summary: 'Permissions of a UNIX socket.',
      inert: 'Node.js has no UNIX datagram sockets',
    },
    {
      name: 'socket_timeout',
      type: 'int',
      default: 2000,
      summary: 'Time limit for sending.',
      inert: 'sending never waits',
    },
  ]),
  ...tracing,
]);

export const miDatagram = defineModule({
  name: 'mi_datagram',
  summary: 'Administration by JSON-RPC over UDP, from this machine. A change takes effect at the next start.',
  source: 'modules/mi_datagram',
  parameters: datagramParameters,
  validate: ({ socket_name }) => {
    if (socket_name !== null && datagramAddress(socket_name) === null)
      throw new InvalidUse(
        `invalid socket_name "${socket_name}"`,
        'use a loopback address and a port: udp:127.0.0.1:8080',
      );
    return [];
  },
});

/** The address and port of a socket_name; null if siprest cannot listen there. */
export function datagramAddress(name: string): { readonly address: string; readonly port: number } | null {
  const [, bracketed, plain, digits] =
    /^udp:(?:\[(::1)\]|(127(?:\.\d{1,3}){3}|localhost)):(\d{1,5})$/.exec(name) ?? [];
  const address = bracketed ?? (plain === 'localhost' ? '127.0.0.1' : plain);
  const port = Number(digits);
  return address === undefined || port === 0 || port > 65_535 ? null : { address, port };
}

export const miHttpParameters = defineParameters([
  {
    name: 'root',
    type: 'string',
    default: 'mi',
    aliases: ['mi_http_root'],
    summary: 'The path, without the first slash.',
  },
  {
    name: 'token_file',
    type: 'string',
    default: null,
    summary:
      'A file with the token that clients present as `Authorization: Bearer TOKEN`. Without it only clients on this machine are served.',
  },
  prettyPrinting,
  ...defineParameters([
    { name: 'mi_method', type: 'int', default: 1, summary: 'The method.', inert: 'requests are POST' },
  ]),
  ...tracing,
]);

/** Throws if the file cannot be read, or is empty. */
export function readToken(path: string): string {
  const token = readFileSync(path, 'utf8').trim();
  if (!/^[\x21-\x7e]{16,512}$/.test(token))
    throw new Error(`${path} must contain a token of 16 to 512 visible characters`);
  return token;
}

export const miHttp = defineModule({
  name: 'mi_http',
  summary:
    'Administration by JSON-RPC over HTTP, at the address of `siprest run --http`. A change takes effect at the next start.',
  source: 'modules/mi_http',
  parameters: miHttpParameters,
  validate: ({ root }) => {
    if (!/^[\w.~-]+(?:\/[\w.~-]+)*$/.test(root))
      throw new InvalidUse(`invalid root "${root}"`, 'use a path without the first slash: mi');
    return [];
  },
  start: (_, { token_file }) => {
    if (token_file !== null) readToken(token_file);
  },
});
