/** Logs which targets are avoided, and asks them by OPTIONS whether they answer again. */
import { sendOnce } from '../modules/index.ts';
import type { Log } from '../runtime/index.ts';
import {
  formatHostPort,
  NO_HEADERS,
  type Target,
  type TargetChange,
  targetName,
  transportParameter,
} from '../sip/index.ts';
import { Timer, type TimerWheel } from '../timers/index.ts';
import type { FigureSource } from './figures/source.ts';

/** How long a probe may take, in ms. */
const probeTime = 4000;
/** After the end of its time a target counts as failed again, in ms. */
const after = 10;

type Failed = Extract<TargetChange, { readonly kind: 'failed' }>;

export class TargetProbes {
  readonly #host: FigureSource;
  readonly #timers: TimerWheel;

  constructor(host: FigureSource, timers: TimerWheel) {
    this.#host = host;
    this.#timers = timers;
  }

  changed(change: TargetChange): void {
    const log = this.#host.routings[0]?.log;
    const { target, since } = change.entry;
    if (change.kind === 'failed') {
      if (log !== undefined) tell(log, change);
      if (this.#host.failedTargets.avoidance?.isProbed === true)
        this.#timers.start(new Timer(() => this.#probe(target)), change.time + after);
    } else {
      const seconds = Math.round((this.#host.clock.date() - since) / 1000);
      log?.notice(`${targetName(target)} answers again, ${seconds} s after it failed`);
    }
  }

  #probe(target: Target): void {
    const { failedTargets, proxy, routings } = this.#host;
    const [routing] = routings;
    const socket = proxy.sockets.choose(target);
    if (routing === undefined || socket === null || !failedTargets.isAvoided(target)) return;
    const { address, port, transport } = target;
    const request = {
      method: 'OPTIONS',
      uri: `sip:${formatHostPort(address, port)}${transportParameter(transport)}`,
      from: `sip:siprest@${socket.host}`,
      headers: NO_HEADERS,
      within: probeTime,
    };
    sendOnce(routing, request, target, socket, (status) => {
      if (status !== null && status !== 503) return failedTargets.answered(target);
      const detail = status === null ? 'no answer to OPTIONS' : `it answers OPTIONS with ${status}`;
      const kind = status === null ? 'timeout' : 'unavailable';
      failedTargets.failed(target, { kind, detail, isOnly: false });
    });
  }
}

function tell(log: Log, { entry, time, again }: Failed): void {
  const text = `avoiding ${targetName(entry.target)} for ${Math.ceil(time / 1000)} s: ${entry.detail}`;
  if (again) log.notice(`still ${text}`);
  else log.warning(text);
}
