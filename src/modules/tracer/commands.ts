/** The administration commands of tracer and siptrace. Source: modules/tracer and modules/siptrace of the manual. */
import { CommandError, defineCommands, type Host, type RunRouting } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { parseUri, type SipRequest } from '../../sip/index.ts';
import { collectorAt, collectorsOf, hepParameters, readHepAddress } from '../proto-hep.ts';
import { hepOf } from './parameters.ts';
import { readScope, readTypes } from './scopes.ts';
import type { Trace } from './trace.ts';
import { requestedTraces, tracesOf } from './traces.ts';

const source = 'modules/tracer';
/** Traces that commands may begin. */
const mostRequested = 16;

const state = (isOn: boolean) => (isOn ? 'on' : 'off');

const shown = ({ isOn, collectors }: Trace) => ({
  state: state(isOn),
  destinations: collectors.map(({ host, port }) => `hep:${host}:${port}`).join(' '),
});

/** Switches tracing, or tells what is on. */
function control(routing: RunRouting, id: string | undefined, mode: string | undefined): unknown {
  const traces = routing.states.get(tracesOf);
  const all = new Map<string, Trace>([...traces.byName, ...routing.host.states.get(requestedTraces)]);
  const trace = id === undefined ? null : all.get(id);
  if (trace === undefined) throw new CommandError(404, `no trace is called "${id}"`);
  if (mode !== undefined) {
    (trace ?? traces).isOn = mode === 'on';
    return undefined;
  }
  if (trace !== null && id !== undefined) return { [id]: shown(trace) };
  return {
    global: state(traces.isOn),
    traces: Object.fromEntries([...all].map(([name, each]) => [name, shown(each)])),
  };
}

const id = (name: 'id' | 'trace_id') =>
  ({ name, type: 'string', optional: true, summary: 'The name of a trace; default all.' }) as const;
const mode = (name: 'mode' | 'trace_mode') =>
  ({
    name,
    type: 'string',
    optional: true,
    oneOf: ['on', 'off'],
    summary: 'What it becomes; without it the command tells what is on, and where it goes.',
  }) as const;

/** Reads `caller=alice`, `callee=bob` and `ip=192.0.2.7`, which must all hold. */
function conditionsOf(filter: readonly string[]): (request: SipRequest) => boolean {
  const conditions = filter.map((text) => {
    const [, name, value = ''] = /^(caller|callee|ip)=(.+)$/s.exec(text) ?? [];
    if (name === undefined)
      throw new CommandError(400, `unknown filter "${text}"; use caller=USER, callee=USER or ip=ADDRESS`);
    return (request: SipRequest): boolean => {
      if (name === 'ip') return request.source.address === value;
      return parseUri(name === 'caller' ? request.from.uri : request.requestUri)?.user === value;
    };
  });
  return (request) => conditions.every((holds) => holds(request));
}

/** The collector of a `hep:` URI: a `hep_id`, or an address. */
function collectorOf(uri: string, routing: RunRouting) {
  const place = hepOf(uri);
  if (place === null) throw new CommandError(400, `cannot trace to "${uri}"; use hep:HOST:PORT`);
  const values = routing.parameters(hepParameters);
  const defined = collectorsOf(values).get(place);
  if (defined !== undefined) return defined;
  try {
    return collectorAt(readHepAddress(place, 'udp'), values);
  } catch (error) {
    if (error instanceof InvalidUse) throw new CommandError(400, error.message);
    throw error;
  }
}

const requested = (host: Host) => host.states.get(requestedTraces);

export const tracerCommands = defineCommands([
  {
    name: 'tracer:trace',
    aliases: ['trace'],
    parameters: [id('id'), mode('mode')],
    processes: 'every',
    summary: 'Switches tracing, all of it or one trace, until the next start or reload.',
    source,
    run: (args, routing) => control(routing, args.id, args.mode),
  },
  {
    name: 'tracer:start',
    aliases: ['trace_start'],
    parameters: [
      { name: 'id', type: 'string', summary: 'The name of the new trace.' },
      { name: 'uri', type: 'string', summary: '`hep:HOST:PORT`, or `hep:` and a `hep_id`.' },
      {
        name: 'filter',
        type: 'list',
        optional: true,
        summary: 'Requests must meet all of `caller=USER` (From), `callee=USER` (request URI), `ip=SOURCE`.',
      },
      { name: 'scope', type: 'string', optional: true, summary: 'As in `trace()`; default the transaction.' },
      { name: 'type', type: 'string', optional: true, summary: 'As in `trace()`; default `sip`.' },
    ],
    processes: 'every',
    summary:
      'Begins a trace of received requests and what follows them, without the script. At most 16, until the next start; nothing is traced while tracing is off.',
    source,
    run: (args, routing) => {
      const { host } = routing;
      const { byName } = routing.states.get(tracesOf);
      const all = requested(host);
      if (byName.has(args.id) || all.has(args.id))
        throw new CommandError(500, `there is a trace called "${args.id}" already`);
      if (all.size >= mostRequested)
        throw new CommandError(500, `${mostRequested} traces were begun already`);
      const scope = readScope(args.scope);
      const types = readTypes(args.type);
      if (scope === null) throw new CommandError(400, `unknown scope "${args.scope}"; use m, t or d`);
      if (types === null) throw new CommandError(400, `unknown type "${args.type}"; use sip, xlog or rest`);
      const collectors = types.has('sip') ? [collectorOf(args.uri, routing)] : [];
      const meets = conditionsOf(args.filter ?? []);
      for (const collector of collectors) host.collectors.prepare(collector);
      all.set(args.id, { isOn: true, collectors, scope, meets });
    },
  },
  {
    name: 'tracer:stop',
    aliases: ['trace_stop'],
    parameters: [{ name: 'id', type: 'string', summary: 'The name of the trace.' }],
    processes: 'every',
    summary: 'Ends a trace that `tracer:start` began.',
    source,
    run: (args, { host }) => {
      const trace = requested(host).get(args.id);
      if (trace === undefined) throw new CommandError(404, `tracer:start began no trace called "${args.id}"`);
      // also for transactions that are under way
      trace.isOn = false;
      requested(host).delete(args.id);
    },
  },
]);

export const siptraceCommands = defineCommands([
  {
    name: 'sip_trace',
    parameters: [id('trace_id'), mode('trace_mode')],
    processes: 'every',
    summary: 'Switches tracing, all of it or one trace, until the next start or reload.',
    source: 'modules/siptrace',
    run: (args, routing) => control(routing, args.trace_id, args.trace_mode),
  },
]);
