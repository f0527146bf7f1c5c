/** Compares a request with the dialog that it says to belong to, and repairs it. Source: modules/dialog of the manual. */
import { isOurs, setRoutes } from '../relay/index.ts';
import type { Request } from '../runtime/index.ts';
import { parseNameAddr, parseUri } from '../sip/index.ts';
import { dialogContext } from './context.ts';
import { isLoose, type Leg, routeTexts } from './leg.ts';

/** Why a request cannot be one of the dialog. */
export type Defect = 'number' | 'target' | 'routes' | 'other';

/** The side that gets a request; null without a dialog. */
function receiverOf(request: Request): Leg | null {
  const context = request.knownState(dialogContext);
  const { own, direction } = context ?? { own: null, direction: null };
  if (own === null || direction === null || request.message === null) return null;
  if (direction === 'upstream') return own.caller;
  return own.callees.find(({ tag }) => tag === request.message?.toTag) ?? own.callee;
}

/** What is wrong with a request after loose routing, or null. */
export function defectOf(request: Request): Defect | null {
  const context = request.knownState(dialogContext);
  const { message } = request;
  const receiver = receiverOf(request);
  if (context === undefined || message === null || receiver === null) return 'other';
  const { number, method } = message.cseq;
  if (method === 'ACK' ? number > context.before : number <= context.before) return 'number';
  if (receiver.contact !== '' && !isSameUri(request.requestUri, targetOf(receiver))) return 'target';
  const given = message.headerAll('route').flatMap((value) => routeTexts(value).map(uriIn));
  const isOwn = (uri: string | undefined) => uri !== undefined && isOurs(request, parseUri(uri));
  // siprest's own come first: one, or two of different sockets
  const left = given.slice(!isOwn(given[0]) ? 0 : isOwn(given[1]) ? 2 : 1);
  const expected = receiver.routes.map(uriIn);
  const matches =
    left.length === expected.length && expected.every((uri, i) => isSameUri(left[i] ?? '', uri));
  return matches ? null : 'routes';
}

/** Gives a request the target and the routes that its dialog has. False without a dialog. */
export function repair(request: Request): boolean {
  const receiver = receiverOf(request);
  if (receiver === null || receiver.contact === '') return false;
  const { routes, contact } = receiver;
  const first = routes[0] === undefined ? null : uriIn(routes[0]);
  if (isLoose(routes)) {
    request.setRequestUri(contact);
    request.setDestinationUri(first);
    setRoutes(request, routes);
  } else {
    request.setRequestUri(first ?? contact);
    request.setDestinationUri(null);
    setRoutes(request, [...routes.slice(1), `<${contact}>`]);
  }
  return true;
}

const targetOf = ({ routes, contact }: Leg): string => (isLoose(routes) ? contact : uriIn(routes[0] ?? ''));

const uriIn = (route: string): string => parseNameAddr(route)?.uri ?? route;

/** As most user agents repeat them; only the case of the whole may differ. */
const isSameUri = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
