/** Functions that change the request URI and the destination. Source: the manual's Script-CoreFunctions. */

import { defineFunction, defineFunctions, type Run } from '../../runtime/index.ts';
import { type ArgumentSpec, type ArgumentValue, defineArgument, type Status } from '../../script/index.ts';
import {
  formatUri,
  parseHostPort,
  type Uri,
  withHost,
  withPassword,
  withPort,
  withUser,
} from '../../sip/index.ts';

/** Sets the request URI to the result of `change`; -1, after logging an error, if that is not a URI. */
function rewrite(run: Run, name: string, change: (uri: Uri) => Uri | null): Status {
  const uri = run.isAboutReply ? null : run.request.uri;
  const next = uri === null ? null : change(uri);
  if (next === null) {
    run.complain(
      `${name}(): ${run.isAboutReply ? 'a reply has no request URI' : 'the result is not a valid URI'}`,
    );
    return -1;
  }
  run.request.requestUri = formatUri(next);
  return 1;
}

function rewriting<const Row extends ArgumentSpec>(
  name: string,
  argument: Row,
  summary: string,
  change: (uri: Uri, value: ArgumentValue<Run, Row>) => Uri | null,
) {
  return defineFunction({
    name,
    ...(name.startsWith('set') ? { aliases: [name.replace(/^set/, 'rewrite')] } : {}),
    arguments: [argument],
    summary,
    run: (run, value) => rewrite(run, name, (uri) => change(uri, value)),
  });
}

const string = (name: string, summary: string) => defineArgument({ name, type: 'string', summary });
const count = defineArgument({ name: 'n', type: 'int', summary: 'The number of characters.' });

const setPort = (uri: Uri, port: string) => (/^\d{1,5}$/.test(port) ? withPort(uri, Number(port)) : null);

const viaFlags = new Set(['force-rport', 'add-local-rport', 'reply-to-via', 'force-tcp-alias']);

function aliasConnection({ message }: Run, port?: number): 1 | -1 {
  const wanted = port ?? message?.via.senderPort ?? 0;
  if (message?.socket?.alias === undefined || wanted <= 0 || wanted > 65_535) return -1;
  message.socket.alias(wanted);
  return 1;
}

export const uriFunctions = defineFunctions([
  {
    name: 'seturi',
    aliases: ['rewriteuri'],
    arguments: [string('uri', 'A SIP, SIPS or TEL URI.')],
    summary: 'Sets the request URI.',
    run: (run, uri) => (run.request.setRequestUri(uri) ? 1 : -1),
  },
  {
    name: 'revert_uri',
    arguments: [],
    summary: 'Restores the received request URI.',
    run: (run) =>
      run.request.message !== null && run.request.setRequestUri(run.request.message.requestUri) ? 1 : -1,
  },
  rewriting(
    'sethost',
    string('host', 'A name or address.'),
    'Sets the host of the request URI.',
    (uri, host) => withHost(uri, host),
  ),
  rewriting('setport', string('port', 'A port.'), 'Sets the port of the request URI.', setPort),
  rewriting('setuser', string('user', 'A user.'), 'Sets the user of the request URI.', (uri, user) =>
    withUser(uri, user),
  ),
  rewriting(
    'setuserpass',
    string('pass', 'A password.'),
    'Sets the password of the request URI.',
    withPassword,
  ),
  rewriting(
    'sethostport',
    string('hostport', '`host:port`.'),
    'Sets host and port of the request URI.',
    (uri, text) => {
      const parts = parseHostPort(text);
      const moved = parts === null ? null : withHost(uri, parts.host);
      return parts === null || moved === null ? null : withPort(moved, parts.port);
    },
  ),
  rewriting(
    'prefix',
    string('str', 'The prefix.'),
    'Adds a prefix to the user of the request URI.',
    (uri, text) => withUser(uri, text + (uri.user ?? '')),
  ),
  rewriting(
    'strip',
    count,
    'Removes characters from the start of the user of the request URI; a user of at most this length is removed altogether.',
    (uri, n) => (n < 0 ? null : withUser(uri, (uri.user ?? '').slice(n))),
  ),
  rewriting(
    'strip_tail',
    count,
    'Removes characters from the end of the user of the request URI; a user of at most this length is removed altogether.',
    (uri, n) =>
      n < 0 ? null : withUser(uri, (uri.user ?? '').slice(0, Math.max(0, (uri.user?.length ?? 0) - n))),
  ),
  {
    name: 'setdsturi',
    arguments: [string('uri', 'A SIP URI.')],
    summary: 'Sets the destination URI.',
    run: (run, uri) => (run.request.setDestinationUri(uri) ? 1 : -1),
  },
  {
    name: 'resetdsturi',
    arguments: [],
    summary: 'Unsets the destination URI.',
    run: (run) => {
      run.request.setDestinationUri(null);
      return 1;
    },
  },
  {
    name: 'isdsturiset',
    arguments: [],
    summary: 'Whether a destination URI is set.',
    run: (run) => (run.request.destinationUri === null ? -1 : 1),
  },
  {
    name: 'is_myself',
    arguments: [
      string('host', 'A name or address.'),
      { name: 'port', type: 'int', optional: true, summary: 'A port; omitted or 0: any.' },
    ],
    summary: 'Whether this is an address or alias of the server.',
    source: 'vector dialect-uri-myself',
    run: (run, host, port) => (run.routing.isMyself(host, port || null) ? 1 : -1),
  },
  {
    name: 'force_rport',
    arguments: [],
    summary: 'Sends replies to the source port of the request (RFC 3581), even if its Via has no `rport`.',
    run: (run) => {
      run.request.forceRport();
      return 1;
    },
  },
  {
    name: 'set_via_handling',
    arguments: [
      string(
        'flags',
        'Comma-separated: `force-rport`, `add-local-rport`, `reply-to-via`, `force-tcp-alias`.',
      ),
    ],
    summary:
      'Sets how the Via of this request is handled: `force-rport` is force_rport(), `add-local-rport` is add_local_rport(), `force-tcp-alias` is force_tcp_alias(); `reply-to-via` has no effect.',
    source: 'Script-CoreFunctions, set_via_handling',
    run: (run, flags) => {
      const names = flags.split(',').map((flag) => flag.trim());
      const unknown = names.find((flag) => !viaFlags.has(flag));
      if (unknown !== undefined) {
        run.complain(`set_via_handling(): unknown flag "${unknown}"`);
        return -1;
      }
      if (names.includes('force-rport')) run.request.forceRport();
      if (names.includes('add-local-rport')) run.request.addsLocalRport = true;
      if (names.includes('force-tcp-alias')) aliasConnection(run);
      return 1;
    },
  },
  {
    name: 'force_tcp_alias',
    arguments: [
      { name: 'port_alias', type: 'int', optional: true, summary: 'Default: the port in the top Via.' },
    ],
    summary:
      'Later requests to the source address of this request and this port reuse its TCP connection (RFC 5923) while it is open. Use it for neighbouring proxies only: a client that shares an address with others could hijack their calls. -1 over UDP.',
    source: 'Script-CoreFunctions, force_tcp_alias',
    run: (run, port) => aliasConnection(run, port),
  },
  {
    name: 'add_local_rport',
    arguments: [],
    summary: 'Adds rport to the Via of the forwarded request.',
    source: 'Script-CoreFunctions, add_local_rport',
    run: (run) => {
      run.request.addsLocalRport = true;
      return 1;
    },
  },
]);
