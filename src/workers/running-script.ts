import { type Intake, scriptIntake } from '../engine/index.ts';
import { openScriptClient } from '../modules/index.ts';
import type { RestClient } from '../rest/index.ts';
import type { Log, Program } from '../runtime/index.ts';
import type { ProcessHost } from './process-host.ts';
import { RunningProgram } from './running-program.ts';
import type { QueueOptions } from './running-routing.ts';

/** The Routing of a running script: its main route gets the requests. */
export class RunningScript extends RunningProgram {
  readonly intake: Intake;
  #rest: RestClient | null = null;

  /** Creates it without any effect on the process. */
  constructor(program: Program, log: Log, host: ProcessHost, queue: QueueOptions = {}) {
    super(program, log, host, queue);
    this.intake = scriptIntake(this, this.pool);
  }

  /** With the parameters of rest_client. Few scripts have functions that use it. */
  get rest(): RestClient {
    this.#rest ??= openScriptClient(this);
    return this.#rest;
  }
}
