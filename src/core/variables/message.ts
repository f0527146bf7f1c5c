/** The whole message, and where it came from. Source: the manual's Script-CoreVar page. */

import { forceSocket, messageBranches } from '../../relay/index.ts';
import {
  defineVariable,
  defineVariables,
  findListening,
  type ListeningSocket,
  type Run,
} from '../../runtime/index.ts';
import { InvalidUse, type Value, type VariableAccess, type VariableSpec } from '../../script/index.ts';
import { formatHostPort, type SipMessage, transportName } from '../../sip/index.ts';
import { messageFlagNames } from '../flag-names.ts';
import { part } from './part.ts';
import { subnameOf } from './subname.ts';

const ofMessage = (
  name: string,
  summary: string,
  read: (message: SipMessage) => Value,
  aliases: readonly string[] = [],
): VariableSpec<Run> => part(name, summary, ({ message }) => message, read, aliases);

/** A socket, with the local address that the peer of this message uses. */
interface SeenSocket extends ListeningSocket {
  readonly address: string;
}

const socketFields = {
  ip: ({ address }) => address,
  port: ({ transport }) => transport.local.port,
  proto: ({ transport }) => transport.protocol, // lower case (edge-socket-proto), contrary to the manual
  advertised_ip: ({ advertised }) => advertised?.host ?? null,
  advertised_port: ({ advertised }) => advertised?.port ?? null,
  tag: ({ tag = null }) => tag,
  anycast: () => 0,
  af: ({ address }) => (address.includes(':') ? 'INET6' : 'INET'),
} satisfies Readonly<Record<string, (socket: SeenSocket) => Value>>;

/** A field of `$socket_in`. */
export function incomingField(name: keyof typeof socketFields): (run: Run) => Value {
  const read = socketFields[name];
  return (run) => {
    const socket = incoming(run);
    return socket === null ? null : read(socket);
  };
}

type FindSocket = (run: Run) => SeenSocket | null;

/** A socket bound to all addresses is named by the local address that faces the peer. */
function seen({ message, routing }: Run, socket: ListeningSocket): SeenSocket {
  const { transport } = socket;
  const address = routing.host.proxy.sockets.addressOf(
    transport,
    message?.source.address ?? transport.local.address,
  );
  return address === transport.local.address
    ? { ...socket, address }
    : { ...socket, address, name: `${transport.protocol}:${formatHostPort(address, transport.local.port)}` };
}

const incoming: FindSocket = (run) => {
  const { message, routing } = run;
  const socket = message?.socket ?? null;
  if (socket === null) return null;
  const transport = socket.listener ?? socket;
  const listening = routing.host.sockets.find((one) => one.transport === transport) ?? {
    transport,
    name: transportName(transport),
    configured: transportName(transport),
    advertised: null,
  };
  return seen(run, listening);
};

const forced: FindSocket = (run) => {
  const { socket } = run.state(messageBranches).main;
  const found = socket === null ? null : findListening(run.routing.host.sockets, socket);
  return found === null ? null : seen(run, found);
};

const outgoing: FindSocket = (run) => forced(run) ?? incoming(run);

function socket(name: string, summary: string, find: FindSocket, set?: VariableAccess<Run>['set']) {
  const own: Readonly<Record<string, FindSocket>> = name === 'socket_out' ? { forced } : {};
  return defineVariable({
    name,
    subname: 'optional',
    writable: set !== undefined,
    summary,
    source: 'Script-CoreVar',
    resolve: ({ subname }) => {
      if (subname === null || own[String(subname)] !== undefined) {
        const named = own[String(subname)] ?? find;
        const get = (run: Run): Value => named(run)?.name ?? null;
        return set === undefined || subname !== null ? { get } : { get, set };
      }
      const read: ((socket: SeenSocket) => Value) | undefined =
        socketFields[String(subname) as keyof typeof socketFields];
      if (read === undefined)
        throw new InvalidUse(
          `unknown socket field (${String(subname)})`,
          [...Object.keys(socketFields), ...Object.keys(own)].join(', '),
        );
      return {
        get: (run) => {
          const found = find(run);
          return found === null ? null : read(found);
        },
      };
    },
  });
}

/** `$socket_out = "udp:192.0.2.1:5060"` is force_send_socket(); null undoes it. */
const force = (run: Run, value: Value): boolean => {
  if (value !== null) return forceSocket(run.request, String(value));
  run.state(messageBranches).main.socket = null;
  return true;
};
/** A non-zero integer sets a flag, 0 clears it. Null and text also clear it, but the assignment fails. */
export function setFlag(flags: Set<string>, name: string, value: Value): boolean {
  if (typeof value === 'number' && value !== 0) flags.add(name);
  else flags.delete(name);
  return typeof value === 'number';
}

/** A number in conditions and arithmetic, a word when printed. */
export function yesOrNo(test: (run: Run) => boolean): Pick<VariableAccess<Run>, 'get' | 'text'> {
  return { get: (run) => (test(run) ? 1 : 0), text: (run) => (test(run) ? 'true' : 'false') };
}

let lastMessageId = 0;
const messageIds = new WeakMap<SipMessage, number>();

function messageId(message: SipMessage): number {
  let id = messageIds.get(message);
  if (id === undefined) {
    id = ++lastMessageId;
    messageIds.set(message, id);
  }
  return id;
}

export const messageVariables = defineVariables([
  ofMessage(
    'rm',
    'The method of the request, or of the request that the reply answers.',
    ({ method }) => method,
  ),
  ofMessage('mb', 'The whole message.', (message) => message.raw),
  ofMessage('ml', 'The length of the message in bytes.', (message) => message.raw.length),
  ofMessage('mi', 'The number of the message, counted since the start.', messageId),
  ofMessage('si', 'The address that the message came from.', (message) => message.source.address, ['src_ip']),
  ofMessage('sp', 'The port that the message came from.', (message) => message.source.port),
  ofMessage('msg.type', '`request` or `reply`.', ({ kind }) => (kind === 'request' ? 'request' : 'reply')),
  {
    name: 'msg.is_request',
    summary: 'Whether the message is a request: 1 or 0, printed as `true` or `false`.',
    source: 'Script-CoreVar; vector pvar-msg-type',
    resolve: () => yesOrNo(({ message }) => message?.kind === 'request'),
  },
  {
    name: 'rs',
    summary: 'The status of the reply, including changes by change_reply_status().',
    resolve: () => ({ get: (run) => (run.isAboutReply ? run.draft.status : null) }),
  },
  ofMessage('rr', 'The reason phrase of the reply.', (message) =>
    message.kind === 'response' ? message.reason : null,
  ),
  socket('socket_in', 'The socket that received the message.', incoming),
  socket(
    'socket_out',
    'The socket that sends the request: by default the one that received it. `(forced)`: null unless a socket was assigned.',
    outgoing,
    force,
  ),
  socket('fs', 'The older name of `$socket_out(forced)`.', forced, force),
  {
    name: 'proxy_protocol',
    subname: ['src_ip', 'src_port', 'dst_ip', 'dst_port', 'af'],
    summary: 'The addresses from the PROXY protocol; always null, since siprest does not support it.',
    source: 'Script-CoreVar',
    resolve: () => ({ get: () => null }),
  },
  {
    name: 'mf',
    summary: 'The set flags of the message, separated by spaces; empty if none is set.',
    resolve: () => ({ get: (run) => messageFlagNames.print(run.request.flags) }),
  },
  {
    name: 'msg.flag',
    subname: 'required',
    writable: true,
    summary: 'A flag of the message: 1 or 0, printed as `true` or `false`.',
    resolve: (use) => {
      const name = subnameOf(use);
      if (typeof use.subname === 'string') messageFlagNames.inVariable(use.subname);
      return {
        ...yesOrNo((run) => run.request.flags.has(name(run))),
        set: (run, value) => setFlag(run.request.flags, name(run), value),
      };
    },
  },
]);
