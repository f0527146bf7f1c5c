/** The path module: Path of registrations (RFC 3327). Source: modules/path of the manual. */
import { namedSocket, pathFlow, routeState, shareFlowSecret } from '../relay/index.ts';
import { defineModule, type Run } from '../runtime/index.ts';
import { defineArgument, defineParameters, type Status } from '../script/index.ts';
import {
  DEFAULT_PROTOCOL,
  defaultPort,
  formatHostPort,
  headerText,
  parseUri,
  transportParameter,
  uriParameter,
} from '../sip/index.ts';

export const pathParameters = defineParameters([
  {
    name: 'use_received',
    type: 'boolean',
    default: false,
    summary:
      "Whether loose_route() sends a request to the `received` of the server's own Route, the address of the phone.",
  },
  {
    name: 'enable_double_path',
    type: 'boolean',
    default: true,
    summary: 'Whether to add two Paths if the transports differ.',
    inert: 'siprest adds one Path, of the socket that received the request',
  },
]);

const user = defineArgument({
  name: 'user',
  type: 'string',
  optional: true,
  summary: 'The user of the URI; default none.',
});

function addPath(run: Run, caller: string, name: string | undefined, parameters: string): Status {
  const { message } = run.request;
  const socket = namedSocket(run.request);
  if (message === null || socket === null) return -1;
  const { protocol } = socket.transport;
  const port = socket.port === defaultPort(DEFAULT_PROTOCOL) ? '' : `:${socket.port}`;
  const uri = `sip:${name ? `${name}@` : ''}${socket.host}${port}${transportParameter(protocol)}${parameters}${pathFlow(run.request)};lr`;
  const line = parseUri(uri) === null ? null : headerText(`Path: <${uri}>\r\n`);
  if (line === null) {
    run.complain(`${caller}(): "${name}" is not the user of a URI`);
    return -1;
  }
  const first = message.headers.findIndex(({ key }) => key === 'path');
  run.draft.edits.push(
    first < 0 ? { kind: 'append', lines: line } : { kind: 'insert-before', header: first, lines: line },
  );
  return 1;
}

/** After loose_route(): sends the request to the `received` of the server's own Route, if any. */
export function routeToReceived(run: Run): void {
  const { params } = run.state(routeState);
  const own = params === null ? null : parseUri(`sip:path;${params}`);
  const received = own === null ? null : uriParameter(own, 'received');
  if (received === null || received === '') return;
  if (!run.request.setDestinationUri(received.replace(/%3B/gi, ';').replace(/%3D/gi, '=')))
    run.complain(`loose_route(): the received address "${received}" is not a URI`);
}

export const path = defineModule({
  name: 'path',
  summary: 'Adds Path to registrations, so that requests to the phone come through this server.',
  source: 'modules/path',
  parameters: pathParameters,
  start: shareFlowSecret,
  functions: [
    {
      name: 'add_path',
      arguments: [user],
      routes: ['route'],
      summary: 'Adds a Path with the address of this server.',
      source: 'modules/path',
      run: (run, name) => addPath(run, 'add_path', name, ''),
    },
    {
      name: 'add_path_received',
      arguments: [user],
      routes: ['route'],
      summary: 'Adds a Path with the address of this server and, as `received`, that of the sender.',
      source: 'modules/path',
      run: (run, name) => {
        const { message } = run.request;
        if (message === null) return -1;
        const { address, port, transport } = message.source;
        const of = transport === DEFAULT_PROTOCOL ? '' : `%3Btransport%3D${transport}`;
        return addPath(run, 'add_path_received', name, `;received=sip:${formatHostPort(address, port)}${of}`);
      },
    },
  ],
});
