/**
 * How a destination is chosen among those of a set that are active. Source: modules/dispatcher of the manual,
 * ds_select_dst.
 */
import { digestParameter } from '../../core/index.ts';
import { type Routing, type Run, StateKey } from '../../runtime/index.ts';
import { enterRoute } from '../../script/index.ts';
import { parseUri } from '../../sip/index.ts';
import { type Awaitable, andThen, isPending } from '../../timers/index.ts';
import { sharedTurns } from '../gateways/shared-turns.ts';
import { textOf } from '../parameter-text.ts';
import type { Choices } from './choices.ts';
import type { Destination } from './destination.ts';
import type { DestinationSet } from './destination-set.ts';
import { parameters } from './parameters.ts';
import type { Partition } from './partition.ts';

/** What is tried: from the first on, and from the beginning of the list after its end. */
export interface Order {
  readonly list: readonly Destination[];
  readonly first: number;
}

export interface Choice {
  readonly run: Run;
  readonly partition: Partition;
  readonly set: DestinationSet;
  /** Those of the set that may be chosen; not empty. */
  readonly choices: Choices;
  /** Whether only the users of URIs are hashed. */
  readonly isUserOnly: boolean;
}

type Algorithm = (choice: Choice) => Awaitable<Order>;

/** Within 32 bits: FNV-1a, whose bits are then mixed, since the upper ones choose. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return mixed(hash);
}

function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

const chosen = (choices: Choices, hash: number) => choices.at(Math.floor((hash / 2 ** 32) * choices.total));

/**
 * The hash chooses among all of the set, and among the active ones if that one is not active: so a destination that
 * fails moves its own calls only.
 */
function byHash({ set, choices }: Choice, text: string): Order {
  const hash = hashOf(text);
  const { list } = choices;
  if (choices !== set.active) return { list, first: chosen(choices, hash) };
  const place = set.placeOf(chosen(set.all, hash));
  return { list, first: place >= 0 ? place : chosen(choices, mixed(hash ^ 0x9e3779b9)) };
}

function byTurn({ run, partition, set, choices }: Choice): Order {
  const turn = run.routing.host.states.get(sharedTurns).take(`dispatcher ${partition.name} ${set.id}`);
  return { list: choices.list, first: choices.at(turn % choices.total) };
}

const byUri = (choice: Choice, text: string): Order =>
  byHash(choice, choice.isUserOnly ? (parseUri(text)?.user ?? '') : text);

/** The algorithm misses its parameter. */
const nothing = (run: Run, parameter: string): Order => {
  run.complain(`dispatcher: the algorithm needs the parameter ${parameter}`);
  return { list: [], first: 0 };
};

const first = ({ choices: { list } }: Choice): Order => ({ list, first: 0 });

/** The user of the credentials; null without any. */
function userOf({ request: { message } }: Run): string | null {
  const header = message?.header('proxy-authorization') ?? message?.header('authorization') ?? null;
  return header === null ? null : digestParameter(header, 'username') || null;
}

/** The lowest score first; those without one are left out. */
function sorted(list: readonly Destination[], scores: readonly (number | null)[]): Order {
  const scored = list.flatMap((one, i) => {
    const score = scores[i] ?? null;
    return score === null ? [] : [{ one, score }];
  });
  return { list: scored.toSorted((a, b) => a.score - b.score).map(({ one }) => one), first: 0 };
}

/** The texts with the loads of destinations, compiled. */
const loadTexts = new StateKey<Routing, WeakMap<Destination, CompiledText | null>>(
  'dispatcher loads',
  () => new WeakMap(),
);
type CompiledText = NonNullable<ReturnType<Run['routing']['script']['text']>>;

function byLoad(choice: Choice): Order {
  const { run, choices } = choice;
  const { pvar_algo_pattern: pattern } = run.parameters(parameters);
  if (pattern === null) return first(choice);
  const texts = run.routing.states.get(loadTexts);
  const loads = choices.list.map((one) => {
    let text = texts.get(one);
    if (text === undefined) {
      text = run.routing.script.text(pattern.replaceAll('%u', one.uri).replaceAll('%i', String(one.set)));
      texts.set(one, text);
    }
    return Number(text?.fill(run) ?? 0) || 0;
  });
  return sorted(choices.list, loads);
}

const parameterNames = ['dst_uri', 'attrs', 'script_attrs'];

function byRoute(choice: Choice): Awaitable<Order> {
  const { run, partition, choices } = choice;
  const { algo_route } = run.parameters(parameters);
  const route = algo_route === null ? null : run.routing.script.find('route', algo_route);
  if (route === null) return nothing(run, 'algo_route');
  const { list } = choices;
  const scores: (number | null)[] = [];
  const score = (one: Destination): Awaitable<void> => {
    const values = [one.uri, one.attrs, partition.scriptAttrs(one)];
    return andThen(enterRoute(run, route, values, parameterNames), () => {
      scores.push(run.status < 0 ? null : run.status);
      // what ends the route ends it alone
      run.stopped = false;
    });
  };
  const scoreFrom = (start: number): Awaitable<Order> => {
    for (let i = start; i < list.length; i++) {
      const one = list[i];
      const scored = one === undefined ? undefined : score(one);
      if (isPending(scored)) return scored.then(() => scoreFrom(i + 1));
    }
    return sorted(list, scores);
  };
  return scoreFrom(0);
}

/** By their numbers. */
const algorithms: readonly Algorithm[] = [
  (choice) => byHash(choice, choice.run.request.message?.callId ?? ''),
  (choice) => byUri(choice, choice.run.request.message?.from.uri ?? ''),
  (choice) => byUri(choice, choice.run.request.message?.to.uri ?? ''),
  (choice) => byUri(choice, choice.run.request.requestUri),
  byTurn,
  (choice) => {
    const user = userOf(choice.run);
    return user === null ? byTurn(choice) : byHash(choice, user);
  },
  ({ choices }) => ({
    list: choices.list,
    first: choices.at(Math.floor(Math.random() * choices.total)),
  }),
  (choice) => {
    const { hash_pvar: text } = choice.run.parameters(parameters);
    return text === null ? nothing(choice.run, 'hash_pvar') : byHash(choice, textOf(choice.run, text) ?? '');
  },
  first,
  byLoad,
  byRoute,
];

/** The first destination for an unknown number. */
export const algorithm = (number: number): Algorithm => algorithms[number] ?? first;
