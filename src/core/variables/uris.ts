/**
 * The request URI, the destination and their parts: `$ru`, `$rU`, `$du`, ... Source: the manual's
 * Script-CoreVar page; vectors pvar-uri-*, lang-du.
 */

import { defineVariable, defineVariables, type Request, type Run } from '../../runtime/index.ts';
import type { Value, VariableSpec } from '../../script/index.ts';
import {
  defaultPort,
  formatUri,
  parseUri,
  type Uri,
  uriTransport,
  withHost,
  withPort,
  withUser,
} from '../../sip/index.ts';
import { part } from './part.ts';

type ReadUri = (run: Run) => Uri | null;

/** A reply has none of these; a reply route reads its request's by `$(<request>ru)`. */
const ofRequest =
  <T>(read: (request: Request) => T | null) =>
  (run: Run): T | null =>
    run.subject.response === undefined ? read(run.request) : null;

const ofRequestUri: ReadUri = ofRequest(({ uri }) => uri);
const ofOriginalUri: ReadUri = ofRequest(({ message }) => message?.requestUriParts ?? null);
const ofDestination: ReadUri = ofRequest(({ destinationUri }) =>
  destinationUri === null ? null : parseUri(destinationUri),
);

interface WritableUri {
  readonly get: ReadUri;
  readonly set: (run: Run, uri: string) => boolean;
}

const requestUri: WritableUri = {
  get: ofRequestUri,
  set: (run, uri) => {
    run.request.requestUri = uri;
    return true;
  },
};
const destination: WritableUri = {
  get: ofDestination,
  set: (run, uri) => run.request.setDestinationUri(uri),
};

/** The default port of the transport where the URI has none (RFC 3261, 19.1.2); a tel URI has none at all. */
export function portOf(uri: Uri): number | null {
  if (uri.port !== null) return uri.port;
  if (uri.host === null) return null;
  return defaultPort(uriTransport(uri).toLowerCase());
}

const user = (uri: Uri) => uri.user;
const host = (uri: Uri) => uri.host;

/** A part of a URI that may be written: `change` gives the new URI, or null for a value it cannot hold. */
function writablePart(
  spec: VariableSpec<Run>,
  change: (uri: Uri, value: Value) => Uri | null,
  whole: WritableUri = requestUri,
) {
  return defineVariable({
    ...spec,
    writable: true,
    resolve: (use) => ({
      ...spec.resolve(use),
      takesText: true,
      set: (run, value) => {
        const uri = whole.get(run);
        const next = uri === null ? null : change(uri, value);
        return next !== null && whole.set(run, formatUri(next));
      },
    }),
  });
}

const text = (value: Value) => (value === null ? null : String(value));
/** A number of the script, or one that was worked out, is not taken for a name; that in a variable is its digits. */
const isName = (value: Value) => typeof value !== 'number';
const port = (value: Value) =>
  value === null || value === '' ? null : /^\d{1,5}$/.test(String(value)) ? Number(value) : Number.NaN;

export const uriVariables = defineVariables([
  {
    name: 'ru',
    aliases: ['ruri'],
    writable: true,
    summary: 'The request URI.',
    resolve: () => ({
      get: ofRequest(({ requestUri }) => requestUri || null),
      takesText: true,
      set: ({ request }, value) => {
        // empty text brings back the one that was received
        const received = value === '' ? request.message?.requestUri : undefined;
        return request.setRequestUri(received ?? String(value ?? ''));
      },
    }),
  },
  writablePart(part('rU', 'The user of the request URI.', ofRequestUri, user, ['ruri.user']), (uri, value) =>
    isName(value) ? withUser(uri, text(value)) : null,
  ),
  writablePart(
    part('rd', 'The host of the request URI.', ofRequestUri, host, ['ruri.domain']),
    (uri, value) => (typeof value === 'string' ? withHost(uri, value) : null),
  ),
  writablePart(part('rp', 'The port of the request URI.', ofRequestUri, portOf), (uri, value) =>
    withPort(uri, port(value)),
  ),
  part('rP', 'The transport of the request URI.', ofRequestUri, uriTransport),
  {
    name: 'ou',
    aliases: ['ouri'],
    summary: 'The request URI as it was received.',
    resolve: () => ({ get: ofRequest(({ message }) => message?.requestUri ?? null) }),
  },
  part('oU', 'The user of the received request URI.', ofOriginalUri, user),
  part('od', 'The host of the received request URI.', ofOriginalUri, host),
  part('op', 'The port of the received request URI.', ofOriginalUri, portOf),
  part('oP', 'The transport of the received request URI.', ofOriginalUri, uriTransport),
  {
    name: 'du',
    aliases: ['duri'],
    writable: true,
    summary: 'The destination URI: the destination of the request, regardless of its request URI.',
    resolve: () => ({
      get: ofRequest(({ destinationUri }) => destinationUri),
      takesText: true,
      set: (run, value) => run.request.setDestinationUri(value === '' ? null : text(value)),
    }),
  },
  writablePart(
    part('dd', 'The host of the destination URI.', ofDestination, host),
    (uri, value) => (typeof value === 'string' ? withHost(uri, value) : null),
    destination,
  ),
  writablePart(
    part('dp', 'The port of the destination URI.', ofDestination, portOf),
    (uri, value) => withPort(uri, port(value)),
    destination,
  ),
  part('dP', 'The transport of the destination URI.', ofDestination, uriTransport),
]);
