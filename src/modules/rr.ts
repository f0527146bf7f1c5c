/** The rr module: Record-Route, loose and strict routing. Source: modules/rr of the manual; RFC 3261, 16.4, 16.6 and 16.12. */

import { runHangupRoute } from '../dialog/index.ts';
import {
  addRecordRoute,
  addRouteParameters,
  areRouteParameters,
  followFlow,
  fromTagOf,
  isDownstream,
  looseRoute,
  type RouteUris,
  recordedFlow,
  recordRoute,
  routeState,
  shareFlowSecret,
} from '../relay/index.ts';
import { defineModule, type Run } from '../runtime/index.ts';
import { defineParameters, type RouteKind } from '../script/index.ts';
import { parseUri } from '../sip/index.ts';
import { cachedRegex } from '../text/index.ts';
import { andThen } from '../timers/index.ts';
import { pathParameters, routeToReceived } from './path.ts';

const parameters = defineParameters([
  {
    name: 'append_fromtag',
    type: 'boolean',
    default: true,
    summary: 'Whether to add the From tag to Record-Route, which is_direction() needs.',
  },
  {
    name: 'enable_double_rr',
    type: 'boolean',
    default: true,
    summary: 'Whether to add two Record-Routes if the transports differ.',
  },
  {
    name: 'add_username',
    type: 'boolean',
    default: false,
    summary: "Whether to add the request URI's user to Record-Route.",
  },
  {
    name: 'enable_socket_mismatch_warning',
    type: 'boolean',
    default: true,
    summary: 'Whether to warn if a preset route has another host than the socket.',
    inert: 'siprest uses preset routes unchecked',
  },
]);

const routes: readonly RouteKind[] = ['route', 'branch_route', 'failure_route'];

/** Adds Record-Routes with given URIs. */
function addPreset(run: Run, uris: RouteUris): 1 | -1 {
  return !hasRecordRoute(run) && addRecordRoute(run.request, uris) ? 1 : -1;
}

function hasRecordRoute(run: Run): boolean {
  if (run.state(routeState).record === null) return false;
  run.complain('record_route(): the request already has its Record-Route');
  return true;
}

function recordRouteOf(run: Run, params = ''): 1 | -1 {
  if (!areRouteParameters(params)) {
    run.complain('record_route(): expected URI parameters, ";name=value"');
    return -1;
  }
  if (hasRecordRoute(run)) return -1;
  const { add_username, append_fromtag, enable_double_rr } = run.parameters(parameters);
  const done = recordRoute(run.request, {
    params: `${params}${recordedFlow(run.request)}`,
    fromTag: append_fromtag,
    double: enable_double_rr,
    user: add_username ? (run.request.uri?.user ?? null) : null,
  });
  return done ? 1 : -1;
}

/** Whether `sip:` and this, with parameters behind it, is one URI. */
function isPreset(text: string): boolean {
  const read = parseUri(`sip:${text};lr`);
  return read !== null && read.headers === null && (read.params ?? '').endsWith('lr');
}

export const rr = defineModule({
  name: 'rr',
  summary: 'Record-Route, loose and strict routing.',
  source: 'modules/rr',
  parameters,
  start: shareFlowSecret,
  functions: [
    {
      name: 'record_route',
      arguments: [
        { name: 'params', type: 'string', optional: true, summary: '`;name=value`, added to the URI.' },
      ],
      routes,
      summary: 'Keeps siprest in the path of later requests of the dialog. -1 if it has already been called.',
      source: 'modules/rr; vectors routes-relay, edge-record-route-twice',
      run: recordRouteOf,
    },
    {
      name: 'record_route_preset',
      arguments: [
        {
          name: 'string',
          type: 'string',
          summary: 'The advertised `host[:port]`, with parameters, of the outgoing side.',
        },
        {
          name: 'string2',
          type: 'string',
          optional: true,
          summary: 'The same for the incoming side, if different.',
        },
      ],
      routes,
      summary: 'Like record_route(), with an explicit host.',
      source: 'modules/rr',
      run: (run, first, second) => {
        if (!isPreset(first) || (second !== undefined && !isPreset(second))) {
          run.complain('record_route_preset(): expected "host[:port]", optionally with URI parameters');
          return -1;
        }
        const both = second === undefined ? '' : ';r2=on';
        const tag = run.parameters(parameters).append_fromtag ? fromTagOf(run.request) : '';
        const uri = (host: string) => `sip:${host};lr${both}${tag}`;
        const uris = second === undefined ? [uri(first)] : [uri(first), uri(second)];
        return addPreset(run, { uris, mayDouble: false, doubled: () => uris });
      },
    },
    {
      name: 'add_rr_param',
      arguments: [{ name: 'param', type: 'string', summary: '`;name=value`' }],
      routes,
      summary: 'Adds a parameter to the Record-Route, before or after record_route().',
      source: 'modules/rr',
      run: (run, param) => {
        if (param === '' || !areRouteParameters(param)) {
          run.complain('add_rr_param(): expected URI parameters, ";name=value"');
          return -1;
        }
        addRouteParameters(run.request, param);
        return 1;
      },
    },
    {
      name: 'loose_route',
      arguments: [],
      routes: ['route'],
      summary:
        'Follows the route set of a request within a dialog, or the flow in its Route (RFC 5626). -1 if it has none.',
      source: 'modules/rr; RFC 3261, 16.12; vector routes-relay',
      run: (run) => {
        const isFollowed = looseRoute(run.request);
        const hasFlow = followFlow(run.request);
        if (run.parameters(pathParameters).use_received) routeToReceived(run);
        return andThen(runHangupRoute(run), () => (isFollowed || hasFlow ? 1 : -1));
      },
    },
    {
      name: 'check_route_param',
      arguments: [{ name: 're', type: 'regex', summary: 'A regular expression.' }],
      routes: ['route'],
      summary: "Whether the parameters of siprest's own Route match, after loose_route().",
      source: 'modules/rr',
      run: (run, pattern) =>
        cachedRegex(pattern, { ignoreCase: true })?.test(run.state(routeState).params ?? '') ? 1 : -1,
    },
    {
      name: 'is_direction',
      arguments: [
        {
          name: 'dir',
          type: 'static',
          oneOf: ['upstream', 'downstream'],
          summary: '`downstream` is the direction of the first request of the dialog.',
        },
      ],
      routes: ['route'],
      summary: 'The direction of the request, after loose_route().',
      source: 'modules/rr',
      run: (run, direction) => (isDownstream(run.request) === (direction === 'downstream') ? 1 : -1),
    },
  ],
  variables: [
    {
      name: 'rr_params',
      summary: "The parameters of siprest's own Route, after loose_route().",
      source: 'modules/rr',
      resolve: () => ({ get: (run) => run.state(routeState).params }),
    },
  ],
});
