/**
 * What other modules ask a REST service, as they would look into a table: the answer to a URL with the values of a row's
 * key in it. Answers are kept for a short time, and who asks for the same meanwhile waits for the same answer.
 */
import { percentEncode, type RestClient, urlForLog } from '../../rest/index.ts';
import { type Routing, StateKey } from '../../runtime/index.ts';
import { defineParameter } from '../../script/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import { openScriptClient } from './transfers.ts';

export type ServiceAnswer =
  | { readonly kind: 'found'; readonly text: string }
  /** The service has answered 404 or 410: it has no such row. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface ServiceTableOptions {
  /** A URL with `{name}` for each value, which is percent-encoded. */
  readonly url: string;
  /** How long an answer is kept, in ms; 0: not at all. */
  readonly keep: number;
  /** Longest time for an answer, in ms. */
  readonly timeout: number;
}

interface Kept {
  readonly answer: ServiceAnswer | Promise<ServiceAnswer>;
  /** On the clock. */
  until: number;
}

/** More answers are forgotten, the oldest first. */
const mostKept = 100_000;
/** Longer answers are failures. */
const longest = 65_536;

const clientOf = new StateKey<Routing, { client: RestClient | null }>('rest_client of tables', () => ({
  client: null,
}));

/** The names in a URL template; what is wrong with it, if anything. */
export function templateNames(template: string): ReadonlySet<string> | string {
  if (!/^https?:\/\/[^/{}]+/.test(template))
    return `invalid URL "${template}": use http:// or https:// and a host without {names}`;
  const rest = template.replace(/\{(\w+)\}/g, '');
  if (/[{}\s]/.test(rest)) return `invalid URL "${template}": values are written {name}`;
  return new Set([...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name));
}

/** The parameter that says how long answers are kept, in s. */
export const keepingTime = <const Name extends string, const Default extends number>(
  name: Name,
  standard: Default,
) =>
  defineParameter({
    name,
    type: 'int',
    default: standard,
    minimum: 0,
    maximum: 86_400,
    unit: 's',
    summary: 'How long an answer of the service is kept.',
  });

/** The parameter of the longest time for an answer, in ms; `otherwise` says what follows without one. */
export const answeringTime = <const Name extends string>(name: Name, otherwise: string) =>
  defineParameter({
    name,
    type: 'int',
    default: 2000,
    minimum: 1,
    maximum: 60_000,
    unit: 'ms',
    summary: `Longest time for an answer of the service; then ${otherwise}.`,
  });

export class ServiceTable {
  readonly #routing: Routing;
  readonly #options: ServiceTableOptions;
  readonly #kept = new Map<string, Kept>();

  constructor(routing: Routing, options: ServiceTableOptions) {
    this.#routing = routing;
    this.#options = options;
  }

  /** The answer for these values, byte strings; a promise unless it is kept. */
  ask(values: Readonly<Record<string, string>>): Awaitable<ServiceAnswer> {
    const url = this.#options.url.replace(/\{(\w+)\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? percentEncode(values[name] ?? '', 'latin1') : whole,
    );
    const now = this.#routing.host.clock.now();
    const known = this.#kept.get(url);
    if (known !== undefined && known.until > now) return known.answer;
    const answer = this.#request(url);
    const kept: Kept = { answer, until: Number.POSITIVE_INFINITY };
    this.#keep(url, kept);
    void answer.then((result) => {
      // a failure is asked again at once
      if (result.kind === 'failed') this.#kept.delete(url);
      else
        this.#keep(url, {
          answer: result,
          until: this.#routing.host.clock.now() + this.#options.keep,
        });
    });
    return answer;
  }

  #keep(url: string, kept: Kept): void {
    this.#kept.delete(url);
    this.#kept.set(url, kept);
    if (this.#kept.size > mostKept)
      for (const oldest of this.#kept.keys()) if (this.#kept.delete(oldest)) break;
  }

  async #request(url: string): Promise<ServiceAnswer> {
    const own = this.#routing.states.get(clientOf);
    own.client ??= openScriptClient(this.#routing);
    const outcome = await own.client.request('GET', url, {
      timeout: this.#options.timeout,
      encoding: 'latin1',
    });
    const failed = (reason: string): ServiceAnswer => ({
      kind: 'failed',
      reason: `${urlForLog(url)}: ${reason}`,
    });
    if (outcome.kind !== 'response') return failed(outcome.reason);
    if (outcome.status === 404 || outcome.status === 410) return { kind: 'unknown' };
    if (outcome.status < 200 || outcome.status > 299) return failed(`status ${outcome.status}`);
    if (outcome.body.length > longest) return failed(`an answer of ${outcome.body.length} bytes`);
    return { kind: 'found', text: outcome.body.toString('latin1') };
  }
}
