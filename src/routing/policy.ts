/** Policies in TypeScript: what `defineServer()` takes, and what a server runs. */

import type { RestClientOptions } from '../rest/index.ts';
import { didYouMean } from '../spelling/index.ts';
import type { Call, CallState } from './call.ts';

/**
 * Handles a request; may be async. If it throws, the request is answered 500. Its result is ignored, so that
 * `return call.reply(403)` is fine.
 */
export type Handler<State extends object = CallState> = (call: Call<State>) => unknown;

/** Runs around each handler, in the order of the list: `next()` runs the rest. It may reply instead. */
export type Middleware<State extends object = CallState> = (
  call: Call<State>,
  next: () => Promise<void>,
) => unknown;

/** The handlers of requests outside of a dialog, by method, and of all others. */
export interface Handlers<State extends object = CallState> {
  /** A new call. Requests within it, such as re-INVITE and BYE, follow its route automatically. */
  readonly onInvite?: Handler<State> | undefined;
  /** A registration. */
  readonly onRegister?: Handler<State> | undefined;
  /** A text message outside of a dialog. */
  readonly onMessage?: Handler<State> | undefined;
  /** A query for capabilities, often sent to check that the server is alive. */
  readonly onOptions?: Handler<State> | undefined;
  /** A new subscription. */
  readonly onSubscribe?: Handler<State> | undefined;
  /** The state of something for its subscribers. */
  readonly onPublish?: Handler<State> | undefined;
  /** A notification outside of a subscription. */
  readonly onNotify?: Handler<State> | undefined;
  /** A request to call somebody, outside of a dialog. */
  readonly onRefer?: Handler<State> | undefined;
  /** Any other method, and those above that have no handler. Default: they are answered 405, or the script runs. */
  readonly onRequest?: Handler<State> | undefined;
  /**
   * A request within a dialog: re-INVITE, BYE, ... and the ACK to a 2xx, which cannot be answered. `call.relay()` follows the
   * dialog's route. Default: that alone.
   */
  readonly onInDialog?: Handler<State> | undefined;
}

/** Options of the client behind `call.rest`: see `RestClientOptions` of `siprest/rest`. */
export type PolicyRestOptions = Omit<RestClientOptions, 'shared' | 'log' | 'clock' | 'resolver' | 'connect'>;

/** Default timeouts of relaying, in ms. */
export interface PolicyTimers {
  /**
   * How long a target may take until its first response; an address of a name that has others at most 8 `t1`. Default
   * 30,000.
   */
  readonly respondWithin?: number | undefined;
  /** How long an INVITE may ring. Default 120,000. */
  readonly ringFor?: number | undefined;
  /** T1 of RFC 3261: the first interval of retransmissions. Default 500. */
  readonly t1?: number | undefined;
  /** T2: the longest interval of retransmissions. Default 4,000. */
  readonly t2?: number | undefined;
}

/** Limits of handlers. */
export interface PolicyLimits {
  /**
   * How long one may take, in ms, without the time in `call.relay()`. Then the request is answered 504, and what the handler
   * does later has no effect. Default 30,000.
   */
  readonly handlerTime?: number | undefined;
  /** How many may be under way in a process; those that wait in `call.relay()` do not count. Default 10,000. */
  readonly handlers?: number | undefined;
}

/** Levels of log lines. */
export type PolicyLogLevel = 'error' | 'warning' | 'notice' | 'info' | 'debug';

/** What `defineServer()` takes. */
export interface PolicyDefinition<State extends object = CallState> extends Handlers<State> {
  /**
   * Where to listen: `udp:0.0.0.0:5060`, `tcp:[::]:5060`, `udp:10.0.0.1:5060 as 203.0.113.5:5060`. Default: those of the
   * script, or UDP port 5060 of all addresses.
   */
  readonly sockets?: readonly string[] | undefined;
  /** Names of this server beside its addresses: `sip.example`, `sip.example:5060`. */
  readonly aliases?: readonly string[] | undefined;
  /** Which lines are logged. Default: `notice`. */
  readonly logLevel?: PolicyLogLevel | undefined;
  /** The Server header of replies; '' for none. Default: `siprest`. */
  readonly server?: string | undefined;
  /** Options of `call.rest`. */
  readonly rest?: PolicyRestOptions | undefined;
  /** Times of relaying. */
  readonly timers?: PolicyTimers | undefined;
  /** Limits of handlers. */
  readonly limits?: PolicyLimits | undefined;
  /** Number of workers, each of which runs one script route at a time. Default: that of the script, or 8. */
  readonly workers?: number | undefined;
  /**
   * A routing script, whose routes `call.run()` runs; its main route gets the requests without a handler. A path relative to
   * the working directory, or `new URL('./opensips.cfg', import.meta.url)`.
   */
  readonly script?: string | URL | undefined;
  /** Creates the `state` of a call on first use. Default: an empty object. */
  readonly state?: (() => State) | undefined;
  /** Wrapped around every handler. */
  readonly use?: readonly Middleware<State>[] | undefined;
}

const brand: unique symbol = Symbol.for('siprest.policy') as never;

/** A policy to be served: made by {@link defineServer}. */
export interface Policy {
  /** What it was made of. */
  readonly definition: Readonly<PolicyDefinition>;
  /** @internal */
  readonly [brand]: 1;
}

/** The handlers of one method each. */
export const handledMethods = {
  onInvite: 'INVITE',
  onRegister: 'REGISTER',
  onMessage: 'MESSAGE',
  onOptions: 'OPTIONS',
  onSubscribe: 'SUBSCRIBE',
  onPublish: 'PUBLISH',
  onNotify: 'NOTIFY',
  onRefer: 'REFER',
} as const satisfies Partial<Record<keyof Handlers, string>>;

const functions = [...Object.keys(handledMethods), 'onRequest', 'onInDialog', 'state'];
const values = [
  'sockets',
  'aliases',
  'logLevel',
  'server',
  'rest',
  'timers',
  'limits',
  'workers',
  'script',
  'use',
] as const satisfies readonly (keyof PolicyDefinition)[];
const known: ReadonlySet<string> = new Set([...functions, ...values]);

/**
 * Declares a server whose calls are handled by functions. `siprest run policy.ts` serves the default export of the file, and
 * `startServer()` the value.
 *
 * @example
 * export default defineServer({
 *   sockets: ['udp:0.0.0.0:5060'],
 *   onInvite: (call) => call.relay({ targets: ['sip:gw1.example'] }),
 * });
 * @throws TypeError for an unknown option, or a handler that is not a function
 */
export function defineServer<State extends object = CallState>(definition: PolicyDefinition<State>): Policy {
  for (const [name, value] of Object.entries(definition)) {
    if (!known.has(name)) {
      const hint = didYouMean(name, known);
      throw new TypeError(`defineServer(): unknown option "${name}"${hint === undefined ? '' : `; ${hint}`}`);
    }
    if (functions.includes(name) && value !== undefined && typeof value !== 'function')
      throw new TypeError(`defineServer(): ${name} must be a function`);
  }
  // the runner creates the states that its handlers get
  return Object.freeze({ [brand]: 1, definition: Object.freeze({ ...definition }) }) as unknown as Policy;
}

/** Whether a value is a policy, possibly of another copy of siprest. */
export function isPolicy(value: unknown): value is Policy {
  return typeof value === 'object' && value !== null && (value as Partial<Policy>)[brand] === 1;
}
