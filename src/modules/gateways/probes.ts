/**
 * Asks gateways whether they are alive. One process of the server does it, by the policy in force, spread evenly over
 * the interval; a gateway that still owes an answer is not asked again.
 */
import { sendUacRequest, UacError } from '../../relay/index.ts';
import { type Host, type RunRouting, StateKey, stackOf } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { isToken, parseUri } from '../../sip/index.ts';
import { every } from '../../timers/index.ts';
import { InForce } from '../in-force.ts';

/** What is asked. */
export interface Probe {
  /** The gateways with the same key are one. */
  readonly key: string;
  readonly uri: string;
  /** The socket that asks; null: one that reaches the gateway. */
  readonly socket: string | null;
  readonly method: string;
  /** The URI of From. */
  readonly from: string;
  /** Null: 70. */
  readonly maxForwards: number | null;
}

export interface ProbeRules {
  /** How often each is asked, in ms; 0: never. */
  readonly interval: number;
  /** Statuses beside 2xx that a living gateway may answer. */
  readonly codes: ReadonlySet<number>;
  /** Those to be asked in the next interval. */
  readonly due: () => readonly Probe[];
  /** `status` null: no answer. */
  readonly answered: (key: string, isAlive: boolean, status: number | null) => void;
}

export interface ProbeCounts {
  answered: number;
  failed: number;
}

/** How long to wait for an answer, in ms: the interval, but at least this. */
const leastTime = 2000;
/** How often those are asked whose time has come, in ms. */
const step = 100;

/** Reads a list such as `501, 403`. Throws {@link InvalidUse}. */
export function replyCodes(name: string, text: string | null): ReadonlySet<number> {
  const codes = (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
  const wrong = codes.find((one) => !/^[1-6]\d\d$/.test(one));
  if (wrong !== undefined)
    throw new InvalidUse(`${name} has the invalid status "${wrong}"`, 'use statuses such as 404, 501');
  return new Set(codes.map(Number));
}

const inCalls = ['INVITE', 'ACK', 'CANCEL', 'BYE', 'PRACK'];

/** Checks the parameters of these names. Throws {@link InvalidUse}. */
export function checkProbe(
  [methodName, method]: readonly [name: string, value: string],
  [fromName, from]: readonly [name: string, value: string],
): void {
  if (!isToken(method) || inCalls.includes(method))
    throw new InvalidUse(
      `${methodName} cannot be "${method}"`,
      'use OPTIONS, or another method outside of calls',
    );
  if (parseUri(from) === null) throw new InvalidUse(`${fromName} must be a SIP URI, not "${from}"`);
}

/** The probes of one module. */
export class Probes {
  readonly counts: ProbeCounts = { answered: 0, failed: 0 };
  readonly #inForce = new InForce<RunRouting>();
  readonly #pending = new Set<string>();

  /** To be called when the module starts: asks as long as the policy is in force. */
  follow(routing: RunRouting, rules: ProbeRules): void {
    if (routing.host.number !== 0 || rules.interval === 0) return;
    this.#inForce.follow(routing, () => this.#begin(routing, rules));
  }

  #begin(routing: RunRouting, { interval, codes, due, answered }: ProbeRules): () => void {
    const { clock } = routing.host;
    let round: readonly Probe[] = [];
    let [sent, began] = [0, clock.now()];
    const timer = every(clock, Math.min(step, interval), () => {
      const now = clock.now();
      if (now - began >= interval) {
        began = now - began < 2 * interval ? began + interval : now;
        [round, sent] = [due(), 0];
      }
      const most = Math.ceil((round.length * (now - began + step)) / interval);
      for (; sent < Math.min(most, round.length); sent++) {
        const probe = round[sent];
        if (probe !== undefined && !this.#pending.has(probe.key))
          void this.#ask(routing, probe, Math.max(interval, leastTime)).then((status) => {
            const isAlive = status !== null && ((status >= 200 && status < 300) || codes.has(status));
            this.counts[isAlive ? 'answered' : 'failed']++;
            answered(probe.key, isAlive, status);
          });
      }
    });
    return () => timer.stop();
  }

  /** Its final status; null without one. */
  async #ask(routing: RunRouting, probe: Probe, timeout: number): Promise<number | null> {
    const { key, uri, method, from, maxForwards, socket } = probe;
    this.#pending.add(key);
    try {
      const forwards = maxForwards === null ? '' : `Max-Forwards: ${maxForwards}\r\n`;
      const response = await sendUacRequest(routing, {
        method,
        uri,
        headers: `From: <${from}>\r\nTo: <${uri}>\r\n${forwards}`,
        socket: socket ?? undefined,
        timeout,
      });
      return response.status;
    } catch (error) {
      if (!(error instanceof UacError)) routing.log.error(`a probe of ${uri} failed: ${stackOf(error)}`);
      return null;
    } finally {
      this.#pending.delete(key);
    }
  }
}

/** The probes of a module, by its name. */
export const probesOf = (module: string): StateKey<Host, Probes> =>
  new StateKey(`probes of ${module}`, () => new Probes());
