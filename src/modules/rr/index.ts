/** The rr module: Record-Route and loose routing. Source: modules/rr of the manual; RFC 3261, 16.4, 16.6 and 16.12. */

import { defineModule, edits } from '../../runtime/index.ts';
import type { RouteKind } from '../../script/index.ts';
import { cachedRegex } from '../../text/index.ts';
import { isDownstream, looseRoute } from './loose-route.ts';
import { parameters } from './parameters.ts';
import { addRecordRoute, areParameters, fromTag, isPreset, recordRoute } from './record-route.ts';
import { routeState } from './state.ts';

const routes: readonly RouteKind[] = ['route', 'branch_route', 'failure_route'];

export const rr = defineModule({
  name: 'rr',
  summary: 'Record-Route, loose and strict routing.',
  source: 'modules/rr',
  parameters,
  functions: [
    {
      name: 'record_route',
      arguments: [
        { name: 'params', type: 'string', optional: true, summary: '`;name=value`, added to the URI.' },
      ],
      routes,
      summary: 'Keeps siprest in the path of later requests of the dialog. -1 if it has already been called.',
      source: 'modules/rr; vectors routes-relay, edge-record-route-twice',
      run: recordRoute,
    },
    {
      name: 'record_route_preset',
      arguments: [
        {
          name: 'string',
          type: 'string',
          summary: 'The advertised `host[:port]`, with parameters, of the side by which the request leaves.',
        },
        {
          name: 'string2',
          type: 'string',
          optional: true,
          summary: 'That of the side on which it arrived, if different.',
        },
      ],
      routes,
      summary: 'Like record_route(), with a given host.',
      source: 'modules/rr',
      run: (run, first, second) => {
        if (!isPreset(first) || (second !== undefined && !isPreset(second))) {
          run.complain('record_route_preset(): expected "host[:port]", with parameters of a URI if any');
          return -1;
        }
        const both = second === undefined ? '' : ';r2=on';
        const uri = (host: string) => `sip:${host};lr${both}${fromTag(run)}`;
        const uris = second === undefined ? [uri(first)] : [uri(first), uri(second)];
        return addRecordRoute(run, { uris, mayDouble: false, doubled: () => uris });
      },
    },
    {
      name: 'add_rr_param',
      arguments: [{ name: 'param', type: 'string', summary: '`;name=value`' }],
      routes,
      summary: 'Adds a parameter to the Record-Route, before record_route() or after it.',
      source: 'modules/rr',
      run: (run, param) => {
        if (param === '' || !areParameters(param)) {
          run.complain('add_rr_param(): expected parameters of a URI, ";name=value"');
          return -1;
        }
        const state = run.state(routeState);
        state.extra += param;
        state.record?.extend(state.extra, run.state(edits));
        return 1;
      },
    },
    {
      name: 'loose_route',
      arguments: [],
      routes: ['route'],
      summary: 'Follows the route set of a request within a dialog. -1 if it has none.',
      source: 'modules/rr; RFC 3261, 16.12; vector routes-relay',
      run: looseRoute,
    },
    {
      name: 'check_route_param',
      arguments: [{ name: 're', type: 'regex', summary: 'A regular expression.' }],
      routes: ['route'],
      summary: 'Whether the parameters of the Route of siprest match, after loose_route().',
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
      run: (run, direction) => (isDownstream(run) === (direction === 'downstream') ? 1 : -1),
    },
  ],
  variables: [
    {
      name: 'rr_params',
      summary: 'The parameters of the Route of siprest, after loose_route().',
      source: 'modules/rr',
      resolve: () => ({ get: (run) => run.state(routeState).params }),
    },
  ],
});
