/** A script is one kind of Routing: the receiver, requests and transactions serve any other in the same way. */
import { expect, it } from 'vitest';
import { type Intake, Receiver, RequestIntake, WorkerPool } from '../../src/engine/index.ts';
import type { Job, Request } from '../../src/runtime/index.ts';
import type { ParameterSpec } from '../../src/script/index.ts';
import { RFC_TIMERS } from '../../src/sip/index.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { ProcessHost } from '../../src/workers/process-host.ts';
import { RunningRouting } from '../../src/workers/running-routing.ts';
import { ServerLogs, usualLogSettings } from '../../src/workers/server-logs.ts';
import { bytes, RecordingTransport, requestText, SOURCE } from '../sip/simulated.ts';
import { programOf } from '../support/server.ts';

/** Calls a function with each new request. */
class FunctionRouting extends RunningRouting {
  readonly pool: WorkerPool<FunctionRouting>;
  readonly intake: Intake;
  readonly modules = [];

  constructor(host: ProcessHost, handle: (request: Request) => Promise<void>) {
    const { settings } = programOf('route { exit; }');
    super(settings, RFC_TIMERS, host.logs.open(usualLogSettings, null), host);
    this.pool = new WorkerPool<FunctionRouting>(this, { count: 1 });
    this.intake = new RequestIntake<FunctionRouting>(this, this.pool, {
      kind: 'handler',
      request: (_, request) => handle(request),
    });
  }

  takeResponse(): void {
    this.host.proxy.counts.dropped++;
  }

  submit(job: Job): boolean {
    return this.pool.submit(job);
  }

  parameters<const Rows extends readonly ParameterSpec[]>(rows: Rows) {
    return programOf('loadmodule "tm.so" route { exit; }').parameters.get(rows);
  }

  place(): string {
    return 'a function';
  }

  command(): Promise<unknown> {
    return Promise.reject(new Error('it has no commands'));
  }

  async begin(): Promise<void> {}
  startTimers(): void {}
  stopTimers(): void {}
}

it('answers by functions, with the transactions and listeners of scripts', async () => {
  const host = new ProcessHost({ logs: new ServerLogs({ writeLog: () => undefined }) });
  const socket = new RecordingTransport(new SimulatedClock());
  const routing = new FunctionRouting(host, async (request) => {
    await Promise.resolve();
    request.createTransaction();
    request.reply(486, 'Busy Here');
  });
  const replies: string[] = [];
  routing.listeners.reply.add((reply) => replies.push(reply.toString('latin1', 8, 11)));
  const receiver = new Receiver(routing);
  receiver.receive(bytes(requestText({ method: 'INVITE' })), SOURCE, socket);
  await routing.settled();
  await new Promise(setImmediate);
  expect(socket.lines).toEqual(['SIP/2.0 100 Giving it a try', 'SIP/2.0 486 Busy Here']);
  expect(replies).toEqual(['100', '486']);
  expect(host.received.requests).toBe(1);
  await host.close();
});
