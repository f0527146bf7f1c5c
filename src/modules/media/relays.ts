/** What the modules of media relays share: states, probes, commands, an event and figures. */
import { raiseEvent } from '../../engine/index.ts';
import {
  CommandError,
  defineCommands,
  type FigureSpec,
  type Host,
  type Routing,
  type RunRouting,
  StateKey,
} from '../../runtime/index.ts';
import type { EventSpec } from '../../script/index.ts';
import { every } from '../../timers/index.ts';
import { InForce } from '../in-force.ts';
import type { Definition } from './definition.ts';
import type { Link, LinkOptions } from './link.ts';
import { type NodeOptions, type Outcome, RelayNode } from './relay-node.ts';
import { RelaySets } from './relay-sets.ts';

/** The values of a module's parameters, times in ms. */
export interface RelaySettings extends Pick<NodeOptions, 'ping' | 'isAlive' | 'rest'> {
  readonly timeout: number;
  readonly tries: number;
  /** How often it is looked which relays are to be probed. */
  readonly period: number;
  /** Whether active ones are probed as well. */
  readonly pingsAll: boolean;
  readonly open: (options: LinkOptions) => Link;
  /** Those of the script, and of a table: read at start and by the command reload. Throws if it cannot be read. */
  readonly definitions: () => readonly Definition[];
}

interface OfProcess {
  readonly counts: Record<Outcome | 'stray' | 'unreadable', number>;
  readonly inForce: InForce<RunRouting>;
  /** Those of the routing in force. */
  current: RelaySets | null;
}

/** The relays of one module: `rtpengine` or `rtpproxy`. */
export class Relays {
  readonly #module: string;
  readonly #event: string;
  readonly #sets: StateKey<Routing, { of: RelaySets | null; settings: RelaySettings | null }>;
  readonly #process: StateKey<Host, OfProcess>;

  constructor(module: string) {
    this.#module = module;
    this.#event = `E_${module.toUpperCase()}_STATUS`;
    this.#sets = new StateKey(`${module} sets`, () => ({ of: null, settings: null }));
    this.#process = new StateKey(`${module} relays`, () => ({
      counts: { answered: 0, silent: 0, failed: 0, refused: 0, stray: 0, unreadable: 0 },
      inForce: new InForce(),
      current: null,
    }));
  }

  /** Throws if the module was not started. */
  of(routing: Routing): RelaySets {
    const { of } = routing.states.get(this.#sets);
    if (of === null) throw new Error(`${this.#module} was not started`);
    return of;
  }

  /** An answer that does not follow the protocol. */
  countUnreadable(routing: Routing): void {
    routing.host.states.get(this.#process).counts.unreadable++;
  }

  start(routing: RunRouting, settings: RelaySettings): void {
    const { host, log } = routing;
    const process = host.states.get(this.#process);
    const { timeout, tries, open, period, pingsAll } = settings;
    const options: NodeOptions = {
      clock: host.clock,
      ping: settings.ping,
      isAlive: settings.isAlive,
      rest: settings.rest,
      changed: ({ definition, state }, reason) => {
        const line = `${this.#module}: ${definition.name} is ${state}`;
        if (state === 'inactive') log.warning(`${line}: ${reason}`);
        else log.log(3, line);
        raiseEvent(routing, this.#event, [
          { name: 'socket', value: definition.name },
          { name: 'status', value: state },
          { name: 'set', value: definition.set },
        ]);
      },
      counted: (outcome) => {
        process.counts[outcome]++;
      },
    };
    const link = {
      clock: host.clock,
      names: host.names,
      timeout,
      tries,
      stray: () => process.counts.stray++,
    };
    const sets = new RelaySets(
      host,
      `${this.#module} calls`,
      (definition) => new RelayNode(definition, open({ ...link, definition }), options),
    );
    sets.load(settings.definitions(), false);
    routing.states.set(this.#sets, { of: sets, settings });
    process.inForce.follow(routing, () => {
      process.current = sets;
      for (const node of sets.all) if (node.state === 'probing') void node.probe();
      const timer = every(host.clock, period, () => {
        for (const node of sets.all) node.look(period, pingsAll);
        sets.sweep();
      });
      return () => timer.stop();
    });
    routing.listeners.closed.add(() => sets.close());
  }

  get event(): EventSpec {
    return {
      name: this.#event,
      attributes: [
        { name: 'socket', summary: 'The relay, as it is defined.' },
        { name: 'status', summary: '`active` or `inactive`.' },
        { name: 'set', summary: 'The number of its set.' },
      ],
      summary: 'A media relay has stopped to answer, or answers again. Each process raises it for itself.',
      source: `modules/${this.#module}`,
    };
  }

  get figures(): readonly FigureSpec<Host>[] {
    return [
      {
        name: `${this.#module}_commands`,
        kind: 'counter',
        unit: '',
        labels: ['outcome'],
        summary:
          'Commands to media relays: answered, silent (no answer in time), failed (not reached), refused (too many waiting, or too long); and answers that were stray (late, or to no command) or unreadable.',
        read: ({ states }) => ({ ...states.get(this.#process).counts }),
      },
      {
        name: `${this.#module}_nodes`,
        kind: 'gauge',
        unit: '',
        over: 'max',
        labels: ['state'],
        summary: 'Media relays by state: active, inactive, disabled by an administrator, or not probed yet.',
        read: ({ states }) => {
          const count = { active: 0, inactive: 0, probing: 0, disabled: 0 };
          for (const { isEnabled, state } of states.get(this.#process).current?.all ?? [])
            count[isEnabled ? state : 'disabled']++;
          return count;
        },
      },
    ];
  }

  get commands() {
    const name = this.#module;
    const source = `modules/${name}`;
    return defineCommands([
      {
        name: `${name}:show`,
        aliases: [`${name}_show`],
        parameters: [],
        summary: 'Lists media relays with their state in this process.',
        source,
        run: (_, routing) =>
          [...this.of(routing).sets].map(([set, nodes]) => ({
            Set: set,
            Nodes: nodes.map(({ definition, isEnabled, state, restsFor }, index) => ({
              url: definition.name,
              index,
              disabled: Number(!isEnabled || state === 'inactive'),
              weight: definition.weight,
              recheck_ticks: isEnabled ? Math.ceil(restsFor / 1000) : 0,
            })),
          })),
      },
      {
        name: `${name}:enable`,
        aliases: [`${name}_enable`],
        parameters: [
          { name: 'url', type: 'string', summary: 'The relay, as it is defined.' },
          {
            name: 'enable',
            type: 'int',
            minimum: 0,
            maximum: 2,
            summary: '0: it gets no commands; 1: it gets them; 2: when it has answered a probe.',
          },
          { name: 'setid', type: 'int', optional: true, summary: 'The set; default all.' },
        ],
        processes: 'every',
        summary: 'Enables or disables a media relay.',
        source,
        run: ({ url, enable, setid }, routing) => {
          const found = this.of(routing).all.filter(
            ({ definition }) => definition.name === url && (setid ?? definition.set) === definition.set,
          );
          if (found.length === 0) throw new CommandError(404, `no media relay "${url}"`);
          for (const node of found) node.administer(enable);
        },
      },
      {
        name: `${name}:reload`,
        aliases: [`${name}_reload`],
        parameters: [
          {
            name: 'type',
            type: 'string',
            optional: true,
            oneOf: ['soft'],
            summary: '`soft`: relays that stay keep their state.',
          },
        ],
        processes: 'every',
        summary: 'Reads the table of media relays again; if it cannot be read nothing changes.',
        source,
        run: ({ type }, routing) => {
          const { settings } = routing.states.get(this.#sets);
          const sets = this.of(routing);
          if (settings === null) return;
          sets.load(settings.definitions(), type === 'soft');
          for (const node of sets.all) if (node.state === 'probing') void node.probe();
        },
      },
    ]);
  }
}
