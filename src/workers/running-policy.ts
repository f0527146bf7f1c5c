import type { Intake } from '../engine/index.ts';
import { openClient } from '../modules/index.ts';
import type { RestClient } from '../rest/index.ts';
import { type Policy, type PolicyDefinition, policyIntake } from '../routing/index.ts';
import { type Log, messageOf, type Program } from '../runtime/index.ts';
import type { ProcessHost } from './process-host.ts';
import { RunningProgram } from './running-program.ts';
import type { QueueOptions } from './running-routing.ts';
import { StartError } from './start-error.ts';

/** The Routing of a running policy in TypeScript: its handlers get the requests, and may run routes of its script. */
export class RunningPolicy extends RunningProgram {
  readonly intake: Intake;
  readonly rest: RestClient;
  readonly #definition: PolicyDefinition;

  /** Creates it without any effect on the process. @throws StartError for invalid options of `rest` */
  constructor(policy: Policy, program: Program, log: Log, host: ProcessHost, queue: QueueOptions = {}) {
    const { definition } = policy;
    super(program, log, host, { ...queue, handlerLimit: definition.limits?.handlers });
    this.#definition = definition;
    this.rest = this.#openRest();
    this.intake = policyIntake(this, this.pool, policy);
  }

  #openRest(): RestClient {
    try {
      return openClient(this, this.#definition.rest ?? {});
    } catch (error) {
      throw new StartError(`rest: ${messageOf(error)}`);
    }
  }

  override get handlerTime(): number {
    return this.#definition.limits?.handlerTime ?? super.handlerTime;
  }

  override get respondWithin(): number {
    return this.#definition.timers?.respondWithin ?? super.respondWithin;
  }

  override get ringFor(): number {
    return this.#definition.timers?.ringFor ?? super.ringFor;
  }

  override newState(): object {
    return this.#definition.state?.() ?? {};
  }
}
