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

/** The request URI after `change`; -1, with a log line, if that is not a URI. */
function rewrite(run: Run, name: string, change: (uri: Uri) => Uri | null): Status {
  const uri = run.isAboutReply ? null : run.request.uri;
  const next = uri === null ? null : change(uri);
  if (next === null) {
    run.complain(
      `${name}(): ${run.isAboutReply ? 'a reply has no request URI' : 'the request URI cannot take this'}`,
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
const count = defineArgument({ name: 'n', type: 'int', summary: 'How many characters.' });

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
    summary: 'Sets the request URI back to what was received.',
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
    string('str', 'What to put in front.'),
    'Puts text in front of the user of the request URI.',
    (uri, text) => withUser(uri, text + (uri.user ?? '')),
  ),
  rewriting(
    'strip',
    count,
    'Takes characters from the front of the user of the request URI; one as short as that is taken away.',
    (uri, n) => (n < 0 ? null : withUser(uri, (uri.user ?? '').slice(n))),
  ),
  rewriting(
    'strip_tail',
    count,
    'Takes characters from the end of the user of the request URI; one as short as that is taken away.',
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
      { name: 'port', type: 'int', optional: true, summary: 'A port; any if omitted or 0.' },
    ],
    summary: 'Whether the server listens there, or has this alias.',
    source: 'vector dialect-uri-myself',
    run: (run, host, port) => (run.routing.isMyself(host, port || null) ? 1 : -1),
  },
  {
    name: 'force_rport',
    arguments: [],
    summary:
      'Sends replies to the source port of the request (RFC 3581), even if its Via does not ask for it.',
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
        '`force-rport`, `add-local-rport`, `reply-to-via`, `force-tcp-alias`, with commas between them.',
      ),
    ],
    summary:
      'How to handle the Via of this request: `force-rport` is force_rport(), `add-local-rport` is add_local_rport(), `force-tcp-alias` is force_tcp_alias(); `reply-to-via` has no effect.',
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
      'Requests to this port of the source address of the request use its TCP connection (RFC 5923), as long as it is open. For neighbouring proxies: a client that shares an address with others could take over their calls. -1 over UDP.',
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
