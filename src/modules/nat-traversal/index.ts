/** The nat_traversal module: keeps phones behind NATs reachable. Source: modules/nat_traversal of the manual. */
import { namedSocket } from '../../relay/index.ts';
import { defineModule, type FigureSpec, type Host, type Run, type RunRouting } from '../../runtime/index.ts';
import { InvalidUse, type Value } from '../../script/index.ts';
import { bareHost, headerText, isToken, parseUri, type SipMessage, transportName } from '../../sip/index.ts';
import { changeContacts, natedContact, senderUri } from '../nathelper/contact.ts';
import { isPrivate } from '../nathelper/tests.ts';
import { beside } from '../text-table.ts';
import { endpoints, space } from './endpoints.ts';
import { beginKeepalive } from './keepalive.ts';
import { parameters } from './parameters.ts';
import { keptRequests } from './requests.ts';

const source = 'modules/nat_traversal';

/** The tests of client_nat_test(), by their bits. */
const tests: readonly ((message: SipMessage) => boolean)[] = [
  ({ contacts }) => contacts?.some(({ uriParts }) => isPrivate(uriParts?.host ?? '')) === true,
  ({ via, source: from }) => bareHost(via.host) !== from.address || (via.port ?? 5060) !== from.port,
  ({ via }) => isPrivate(via.host),
  ({ contacts, source: from }) => {
    const host = contacts?.[0]?.uriParts?.host;
    return host != null && bareHost(host) !== from.address;
  },
];

const followed: ReadonlySet<string> = new Set(['REGISTER', 'SUBSCRIBE', 'INVITE']);

function keepAlive(run: Run): 1 | -1 {
  const { message } = run.request;
  const socket = namedSocket(run.request);
  if (message === null || socket === null) return -1;
  if (!followed.has(message.method) || (message.method === 'INVITE' && message.toTag !== null)) {
    run.complain('nat_keepalive(): expected REGISTER, SUBSCRIBE or the first INVITE of a dialog');
    return -1;
  }
  const requests = run.routing.host.states.get(keptRequests);
  return requests.follow(message, senderUri(message.source), transportName(socket.transport)) ? 1 : -1;
}

async function keepInFile(routing: RunRouting, name: string): Promise<void> {
  const { host, log } = routing;
  const file = beside(routing, name);
  const result = await host.store.ask({ kind: 'keep-values', space, file, sync: false });
  if (result.state === 'unkept' && result.reason !== null && host.number === 0)
    log.warning(`nat_traversal: endpoints are kept in memory only: ${file}: ${result.reason}`);
}

const figures: readonly FigureSpec<Host>[] = [
  {
    name: 'nat_endpoints',
    kind: 'gauge',
    unit: '',
    over: 'max',
    labels: ['condition'],
    summary:
      'Endpoints that nat_traversal keeps alive: all (keepalive), and those that are registered, subscribed or in a dialog.',
    read: ({ states }) => ({ ...states.get(endpoints).counts }),
  },
];

export const natTraversal = defineModule({
  name: 'nat_traversal',
  summary: 'Keeps phones behind NATs reachable for as long as they are registered, subscribed or in a call.',
  source,
  parameters,
  figures,
  validate: ({ keepalive_method, keepalive_from, keepalive_extra_headers }) => {
    if (!isToken(keepalive_method)) throw new InvalidUse(`invalid method "${keepalive_method}"`);
    if (keepalive_from !== null && parseUri(keepalive_from) === null)
      throw new InvalidUse(`invalid URI "${keepalive_from}" in keepalive_from`);
    if (keepalive_extra_headers !== '' && headerText(keepalive_extra_headers) === null)
      throw new InvalidUse('keepalive_extra_headers must be header lines', String.raw`use "Name: value\r\n"`);
    return [];
  },
  start: async (routing, values) => {
    if (values.keepalive_state_file !== null) await keepInFile(routing, values.keepalive_state_file);
    if (values.keepalive_interval <= 0) return;
    const { inForce } = routing.host.states.get(endpoints);
    inForce.follow(routing, () => beginKeepalive(routing, values));
  },
  functions: [
    {
      name: 'client_nat_test',
      arguments: [
        {
          name: 'type',
          type: 'int',
          summary:
            'The sum of tests: 1 a private address in Contact, 2 another address or port in Via, 4 a private address in Via, 8 another address in Contact.',
        },
      ],
      routes: ['route', 'onreply_route', 'failure_route', 'branch_route'],
      summary: 'Whether any of the tests says that the sender is behind a NAT.',
      source,
      run: ({ message }, bits) =>
        message !== null && tests.some((test, i) => (bits & (1 << i)) !== 0 && test(message)) ? 1 : -1,
    },
    {
      name: 'fix_contact',
      arguments: [],
      routes: ['route', 'onreply_route', 'branch_route'],
      summary: 'Puts the address of the sender into all Contacts.',
      source,
      run: (run) => {
        const { message } = run;
        if (message === null) return -1;
        return changeContacts(run, (one) => natedContact(one, message.source, '', false));
      },
    },
    {
      name: 'nat_keepalive',
      arguments: [],
      routes: ['route'],
      summary:
        'Keeps the sender of a REGISTER, SUBSCRIBE or first INVITE alive, if it is answered with success: for the time that the answer gives, and in a call until its BYE, 12 h at most.',
      source,
      run: keepAlive,
    },
  ],
  variables: [
    {
      name: 'keepalive.socket',
      subname: 'required',
      summary: 'The socket towards an endpoint, such as `sip:192.0.2.7:5062`; null if it is not kept alive.',
      source,
      resolve: ({ subname }) => ({
        get: (run): Value => {
          const uri = typeof subname === 'function' ? subname(run) : subname;
          return run.routing.host.states.get(endpoints).find(uri)?.socket ?? null;
        },
      }),
    },
    {
      name: 'source_uri',
      summary: 'Where the message came from, as `sip:address:port`, with the transport unless that is UDP.',
      source,
      resolve: () => ({ get: ({ message }): Value => (message === null ? null : senderUri(message.source)) }),
    },
    {
      name: 'nat_traversal.track_dialog',
      summary: 'Whether dialogs are followed; siprest follows those for which nat_keepalive() is called.',
      source,
      resolve: () => ({ get: (): Value => 1, set: () => true }),
    },
  ],
});
