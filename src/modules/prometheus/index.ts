/** The prometheus module: statistics and values of scripts as metrics. Source: modules/prometheus of the manual. */
import { resumed, runRoute } from '../../engine/index.ts';
import {
  defineModule,
  Request,
  type Routing,
  type Run,
  type RunRouting,
  type ScriptMetric,
  StateKey,
} from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { pause } from '../../timers/index.ts';
import { publishStatistics } from '../statistics/all-statistics.ts';
import { Collection } from './collection.ts';
import { exportStatistics, type LabelRule, parseLabelRule } from './export-statistics.ts';
import { isLabelName, type Labels, parseLabels } from './labels.ts';
import { parameters } from './parameters.ts';

const source = 'modules/prometheus';

/** Time limit for script_route, in ms: Prometheus waits 10 s. */
const routeWithin = 5000;

interface Scrape {
  /** Null outside of script_route. */
  collection: Collection | null;
  /** The metric that was declared last. */
  name: string | null;
}

const scrape = new StateKey<Request, Scrape>('prometheus scrape', () => ({ collection: null, name: null }));

interface Exported {
  readonly rules: readonly LabelRule[];
  isRunning: boolean;
}

const exported = new StateKey<Routing, Exported>('prometheus', (routing) => ({
  rules: routing.parameters(parameters).labels.map(parseLabelRule),
  isRunning: false,
}));

/** Runs script_route, up to its time limit. */
async function runScriptRoute(routing: RunRouting, name: string, collection: Collection): Promise<void> {
  const route = routing.script.find('route', name);
  const state = routing.states.get(exported);
  if (route === null) return;
  if (state.isRunning)
    return routing.log.warning(`prometheus: route[${name}] still runs for an earlier scrape`);
  const request = new Request(routing, null);
  const about = request.state(scrape);
  about.collection = collection;
  const ended = new Promise<'ended' | 'full'>((resolve) => {
    state.isRunning = true;
    const isTaken = routing.submit(async (worker) => {
      try {
        await resumed(await runRoute(worker, request, route));
      } finally {
        state.isRunning = false;
        resolve('ended');
      }
    });
    if (isTaken) return;
    state.isRunning = false;
    resolve('full');
  });
  const how = await Promise.race([ended, pause(routing.host.clock, routeWithin)]);
  about.collection = null;
  if (how === 'full')
    routing.log.warning(`prometheus: route[${name}] did not run: the message queue is full`);
  else if (how !== 'ended')
    routing.log.warning(
      `prometheus: route[${name}] takes more than ${routeWithin / 1000} s; the rest is left out`,
    );
}

async function collect(routing: RunRouting): Promise<readonly ScriptMetric[]> {
  const values = routing.parameters(parameters);
  const collection = new Collection();
  exportStatistics(routing, values, routing.states.get(exported).rules, collection);
  if (values.script_route !== null) await runScriptRoute(routing, values.script_route, collection);
  return collection.metrics;
}

/** Fails with a log line unless `act` returns null; it gets what the running scrape collects. */
function duringScrape(
  run: Run,
  caller: string,
  act: (about: Scrape, into: Collection) => string | null,
): 1 | -1 {
  const about = run.state(scrape);
  const { collection } = about;
  const problem =
    collection === null
      ? 'works only while the route of script_route runs for a scrape'
      : act(about, collection);
  if (problem === null) return 1;
  run.complain(`${caller}: ${problem}`);
  return -1;
}

/** Null if they are invalid. */
function labelsOf(name: string | undefined, value: string | undefined): Labels | null {
  if (name === undefined || name === '') return [];
  if (value !== undefined) return isLabelName(name) ? [[name, value]] : null;
  const [, inner] = /^\{(.*)\}$/s.exec(name) ?? [];
  return inner === undefined ? null : parseLabels(inner);
}

export const prometheus = defineModule({
  name: 'prometheus',
  summary:
    'Statistics and values of the script as metrics for Prometheus, at the address of `siprest run --http`.',
  source,
  parameters,
  functions: [
    {
      name: 'prometheus_declare_stat',
      arguments: [
        { name: 'name', type: 'string', summary: 'The whole name of the metric.' },
        { name: 'type', type: 'string', optional: true, summary: '`counter` or `gauge`; default `gauge`.' },
        { name: 'help', type: 'string', optional: true, summary: 'Its description.' },
      ],
      routes: ['route'],
      summary: 'Declares a metric, in the route of `script_route`; values that are pushed next are its own.',
      source,
      run: (run, name, type = 'gauge', help = '') =>
        duringScrape(run, 'prometheus_declare_stat()', (about, into) => {
          const problem = into.declare(name, type, help);
          about.name = problem === null ? name : null;
          return problem;
        }),
    },
    {
      name: 'prometheus_push_stat',
      arguments: [
        { name: 'value', type: 'int', summary: 'The value.' },
        {
          name: 'label_name',
          type: 'string',
          optional: true,
          summary: 'The name of a label, or all labels: `{gateway="gw1"}`.',
        },
        { name: 'label_value', type: 'string', optional: true, summary: 'The value of the label.' },
      ],
      routes: ['route'],
      summary: 'Pushes a value of the metric that was declared last.',
      source,
      run: (run, value, label, text) =>
        duringScrape(run, 'prometheus_push_stat()', ({ name }, into) => {
          const labels = labelsOf(label, text);
          if (name === null) return 'declare a metric first, by prometheus_declare_stat()';
          return labels === null
            ? `invalid labels "${label}": use a name and a value, or {name="value",...}`
            : into.push(name, labels, value);
        }),
    },
  ],
  commands: [
    {
      name: 'prometheus:collect',
      parameters: [],
      prepare: publishStatistics,
      summary: 'Collects the metrics of the module prometheus, as a scrape does; runs its `script_route`.',
      run: (_, routing) => collect(routing),
    },
  ],
  validate: ({ root, group_label, labels }) => {
    if (!/^[\w.~-]+(?:\/[\w.~-]+)*$/.test(root))
      throw new InvalidUse(`invalid root "${root}"`, 'use a path without the first slash: metrics');
    if (!isLabelName(group_label))
      throw new InvalidUse(`invalid group_label "${group_label}"`, 'use letters, digits and "_"');
    for (const rule of labels) parseLabelRule(rule);
    return [];
  },
});
