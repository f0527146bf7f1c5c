/** The Routing of a running policy in TypeScript. It is that of a script too: handlers may run its routes. */
import type { Intake } from '../engine/index.ts';
import { openClient } from '../modules/index.ts';
import type { RestClient } from '../rest/index.ts';
import { type Policy, type PolicyRouting, policyIntake } from '../routing/index.ts';
import type { Log, Program } from '../runtime/index.ts';
import { DEFAULT_PROXY_TIMEOUTS } from '../sip/index.ts';
import { type TimerWheel, timersOf } from '../timers/index.ts';
import type { ProcessHost } from './process-host.ts';
import { RunningProgram } from './running-program.ts';
import type { QueueOptions } from './running-routing.ts';

const handlerTime = 30_000;

export class RunningPolicy extends RunningProgram implements PolicyRouting {
  readonly rest: RestClient;
  readonly timers: TimerWheel;
  readonly respondWithin: number;
  readonly ringFor: number;
  readonly handlerTime: number;
  readonly newState: () => object;
  readonly intake: Intake;

  /** Creates it without any effect on the process. @throws RestOptionError */
  constructor(policy: Policy, program: Program, log: Log, host: ProcessHost, queue: QueueOptions = {}) {
    const { limits = {}, timers = {}, rest = {}, state = () => ({}) } = policy.definition;
    super(program, log, host, { ...queue, handlerLimit: limits.handlers });
    this.rest = openClient(this, rest);
    this.timers = timersOf(host.clock);
    this.respondWithin = timers.respondWithin ?? DEFAULT_PROXY_TIMEOUTS.frTimeout;
    this.ringFor = timers.ringFor ?? DEFAULT_PROXY_TIMEOUTS.frInvTimeout;
    this.handlerTime = limits.handlerTime ?? handlerTime;
    this.newState = state;
    this.intake = policyIntake(this, this.pool, policy);
  }

  get handlers() {
    return this.pool;
  }
}
