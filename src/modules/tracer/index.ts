/**
 * The tracer module, and siptrace, as it was called before: copies of SIP messages for a collector such as Homer. Source:
 * modules/tracer, modules/siptrace of the manual.
 */
import { defineModule, type FigureSpec, type Host, type Run } from '../../runtime/index.ts';
import { defineArgument, definedNames, type Status } from '../../script/index.ts';
import { siptraceCommands, tracerCommands } from './commands.ts';
import { checkTracing, readTraceId, siptraceParameters, tracerParameters } from './parameters.ts';
import { readScope, readTypes } from './scopes.ts';
import type { Sides } from './trace.ts';
import { begin, tracesOf } from './traces.ts';

const routes = ['route', 'failure_route', 'onreply_route', 'branch_route', 'local_route'] as const;

const names = ({ trace_id }: { readonly trace_id: readonly string[] }) =>
  trace_id.map((text) => readTraceId(text).name);

const scope = defineArgument({
  name: 'scope',
  type: 'string',
  optional: true,
  refuses: (text) =>
    readScope(text) === null ? 'the scope is m (message), t (transaction) or d (dialog)' : null,
  summary:
    '`m`: this message as received. `t`: its transaction, with all branches, CANCEL and ACK, from now on. `d`: the transaction as well; call it for each request of the dialog. Default `t`.',
});

const type = defineArgument({
  name: 'type',
  type: 'string',
  optional: true,
  refuses: (text) => (readTypes(text) === null ? 'types are sip, xlog and rest, joined by |' : null),
  summary: '`sip`, `xlog`, `rest`, joined by `|`; only `sip` is traced. Default `sip`.',
});

const attributes = defineArgument({
  name: 'trace_attrs',
  type: 'string',
  optional: true,
  summary: 'A column of databases; HEP does not carry it.',
});

function trace(
  run: Run,
  caller: string,
  id: string,
  scopeText: string | undefined,
  typeText: string | undefined,
  sides: Sides = 'both',
  correlationId?: string,
): Status {
  const { message, routing } = run;
  const named = routing.states.get(tracesOf).byName.get(id);
  const covered = readScope(scopeText);
  const types = readTypes(typeText);
  if (named === undefined || covered === null || types === null) {
    const wrong =
      named === undefined
        ? `there is no trace_id "${id}"`
        : `unknown ${covered === null ? `scope "${scopeText}"` : `type "${typeText}"`}`;
    run.complain(`${caller}(): ${wrong}`);
    return -1;
  }
  if (message === null) return -1;
  if (!types.has('sip')) return 1;
  return begin(routing, named, message, covered, { sides, correlationId }) ? 1 : -1;
}

/** `C` and `c`; without either, both. */
function sidesOf(flags: string): Sides {
  const [caller, callee] = [flags.includes('C'), flags.includes('c')];
  if (caller === callee) return 'both';
  return caller ? 'caller' : 'callee';
}

const figures: readonly FigureSpec<Host>[] = [
  {
    name: 'traced',
    kind: 'counter',
    unit: 'messages',
    labels: ['outcome'],
    summary: 'Copies of SIP messages for collectors: sent, and lost because they could not be sent at once.',
    read: ({ collectors }) => ({ ...collectors.counts }),
  },
];

export const tracer = defineModule({
  name: 'tracer',
  summary: 'Sends copies of SIP messages to a collector such as Homer, by HEP version 3.',
  source: 'modules/tracer',
  parameters: tracerParameters,
  figures,
  functions: [
    {
      name: 'trace',
      arguments: [
        {
          name: 'trace_id',
          type: 'string',
          definedBy: definedNames('tracer', tracerParameters, names),
          summary: 'The name of a `trace_id`.',
        },
        scope,
        type,
        attributes,
        {
          name: 'flags',
          type: 'string',
          optional: true,
          summary: '`C`: only messages from and to the caller. `c`: from and to the callee. Default both.',
        },
        {
          name: 'correlation_id',
          type: 'string',
          optional: true,
          summary: 'What the collector joins messages by; default the Call-ID.',
        },
      ],
      routes,
      summary:
        'Traces the message, and its transaction. Returns 1 even if tracing is off; -1 for an unknown `trace_id`, or if 50,000 transactions are traced.',
      source: 'modules/tracer',
      run: (run, id, scopeText, typeText, _, flags = '', correlationId) =>
        trace(run, 'trace', id, scopeText, typeText, sidesOf(flags), correlationId),
    },
  ],
  commands: tracerCommands,
  validate: checkTracing,
  start: ({ states }) => {
    states.get(tracesOf);
  },
});

export const siptrace = defineModule({
  name: 'siptrace',
  summary: 'The older form of tracer.',
  source: 'modules/siptrace',
  parameters: siptraceParameters,
  functions: [
    {
      name: 'sip_trace',
      arguments: [
        {
          name: 'trace_id',
          type: 'string',
          definedBy: definedNames('siptrace', siptraceParameters, names),
          summary: 'The name of a `trace_id`.',
        },
        scope,
        type,
        attributes,
      ],
      routes,
      summary: 'As `trace()` of tracer.',
      source: 'modules/siptrace',
      run: (run, id, scopeText, typeText) => trace(run, 'sip_trace', id, scopeText, typeText),
    },
  ],
  commands: siptraceCommands,
  validate: checkTracing,
  start: ({ states }) => {
    states.get(tracesOf);
  },
});
