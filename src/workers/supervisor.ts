/**
 * A server in several processes: starts and restarts them, keeps their shared store, and forwards commands to them. It
 * handles no messages itself.
 */

import cluster from 'node:cluster';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Policy } from '../routing/index.ts';
import { CommandError, type CommandProcesses, type Log, type Module } from '../runtime/index.ts';
import {
  every,
  memoryBudgets,
  type Repetition,
  systemClock,
  type TimerHandle,
  Waiters,
} from '../timers/index.ts';
import type { Administered, CommandCall } from './administered.ts';
import { type Loaded, sourceOf, toLoaded } from './loaded.ts';
import { firstDelay, Member } from './member.ts';
import type { FromProcess, PassedOptions } from './process-messages.ts';
import { Rollout } from './rollout.ts';
import { type LogSettings, ServerLogs } from './server-logs.ts';
import { defaultGrace, type MemberProgram, type StopOptions } from './sip-server.ts';
import { StartError } from './start-error.ts';
import { combine, type ProcessStatus, type ServerStatus, type Sums, stateOf, sumsOf } from './status.ts';
import { StoreKeeper } from './stores/store-keeper.ts';

export interface SupervisorOptions extends PassedOptions {
  /** 2 to 64. */
  readonly processes: number;
  /** Default: siprest's own, which only calls `runMember()`. */
  readonly program?: MemberProgram | undefined;
  /** Receives lines about processes that die, are restarted or do not answer. Default: stderr. */
  readonly writeLog?: ((line: Buffer) => void) | undefined;
}

/** Maximum delay of restarts, in ms. */
const longestDelay = 10_000;
/** A process that has run this long has started successfully, in ms. */
const stays = 10_000;
/** Interval of the heartbeat in ms, and the time without an answer after which a process is killed. */
const heartbeat = 1000;
const unresponsive = 15_000;

const ownProgram = { path: fileURLToPath(new URL('./process-main.js', import.meta.url)), arguments: [] };

/** Keeps SIGUSR1 from opening a debugger in a starting process, in versions of Node with that option. */
const withoutDebugger = () =>
  ['--disable-sigusr1'].filter((flag) => process.allowedNodeEnvironmentFlags.has(flag));

/** The supervisor's log level is fixed: its lines are rare and important. */
const noticeLevel = 2;

/** How long a process may exceed its grace period before it is killed, in ms. */
const margin = 2000;

/** Heartbeats without a reading of the figures before one is made, so that a sum goes on if a process dies. */
const figuresEvery = 5;

/** Time limit for a process's figures, in ms: one that is stopped is left out. */
const figuresWithin = 1000;

/** Time limit for a command of one process, in ms: a request that it sends may wait 32 s for a response. */
const commandWithin = 40_000;

/** The errors of processes that do not have what a command names. */
const unknownCodes: ReadonlySet<number> = new Set([404, 481]);

/** Processes start, answer and die in real time. */
const clock = systemClock;

export class Supervisor implements Administered {
  readonly #options: SupervisorOptions;
  readonly #directory: string;
  readonly #members: readonly Member[];
  readonly #store: StoreKeeper;
  readonly #logs: ServerLogs;
  #log: Log;
  readonly #heartbeat: Repetition;
  readonly #rollout: Rollout;
  #modules: readonly Module[];
  /** The sums of ended processes. */
  #ended: Sums = { figures: {}, histograms: {} };
  readonly #counts = { restarts: 0, reloads: { done: 0, failed: 0 } };
  /** Since the figures were last read. */
  #beats = 0;
  #startupIsDone = false;
  #reloading: Promise<void> = Promise.resolve();
  #stopping: Promise<void> | null = null;
  #stopBy = 0;
  /** Ends the remaining processes when the grace period has passed. */
  #kill: TimerHandle | null = null;
  readonly #exits = new Waiters();

  private constructor(loaded: Loaded, options: SupervisorOptions) {
    this.#modules = loaded.program.modules;
    this.#options = options;
    this.#logs = new ServerLogs(options);
    this.#log = this.#openLog(loaded.program.settings);
    // mode 0700: private to this server
    this.#directory = mkdtempSync(join(tmpdir(), 'siprest-'));
    this.#members = Array.from({ length: options.processes }, (_, number) => new Member(number));
    this.#rollout = new Rollout(this.#members, sourceOf(loaded), () => this.#log);
    this.#store = new StoreKeeper(
      {
        answer: (process, answers) => this.#members[process]?.send({ kind: 'store', changes: [], answers }),
        announce: (changes) => {
          for (const member of this.#members) member.send({ kind: 'store', changes, answers: [] });
        },
      },
      { memory: memoryBudgets(options.processes).shared },
    );
    this.#heartbeat = every(clock, heartbeat, () => this.#lookAfter());
  }

  /**
   * Resolves when all processes serve. Rejects with a {@link StartError} if the first cannot. It uses node:cluster, so
   * a program can run only one, and must not use cluster itself.
   */
  static async start(script: Loaded, options: SupervisorOptions): Promise<Supervisor> {
    const { path, arguments: args } = options.program ?? ownProgram;
    cluster.setupPrimary({
      exec: path,
      args: [...args],
      execArgv: [...process.execArgv, ...withoutDebugger()],
    });
    const supervisor = new Supervisor(script, options);
    try {
      // the first runs startup_route, and no process serves before that has finished
      const [first, ...others] = supervisor.#members;
      if (first !== undefined) await supervisor.#start(first);
      await Promise.all(others.map((member) => supervisor.#start(member)));
    } catch (error) {
      await supervisor.stop({ grace: 0 });
      throw error;
    }
    return supervisor;
  }

  /** The open sockets, such as `udp:127.0.0.1:5060`; a port of 0 is shown as the chosen port. */
  get sockets(): readonly string[] {
    return this.#members.find(({ isReady }) => isReady)?.sockets ?? [];
  }

  get log(): Log {
    return this.#log;
  }

  /** Process ids by number; null for one that is about to be restarted. */
  get pids(): readonly (number | null)[] {
    return this.#members.map(({ worker }) => worker?.process.pid ?? null);
  }

  /**
   * Replaces the script of all processes. Rejects with a {@link StartError} if one of them cannot start it; none
   * changes then.
   */
  reload(script: Loaded | Policy): Promise<void> {
    const { reloads } = this.#counts;
    const reloading = this.#reloading.then(async () => {
      try {
        const loaded = await toLoaded(script);
        const { settings } = loaded.program;
        await this.#rollout.to(sourceOf(loaded));
        this.#modules = loaded.program.modules;
        this.#log = this.#openLog(settings);
      } catch (error) {
        reloads.failed++;
        throw error;
      }
      reloads.done++;
    });
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  /** Like {@link RunningServer.stop}, in all processes. */
  stop({ grace }: StopOptions = {}): Promise<void> {
    if (grace !== undefined || this.#stopping === null) this.#giveGrace(grace ?? defaultGrace);
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async status(): Promise<ServerStatus> {
    this.#beats = 0;
    const answers = await Promise.all(
      this.#members.map(async (member) =>
        member.isReady ? member.ask((id) => ({ kind: 'figures', id }), 'figures', figuresWithin) : null,
      ),
    );
    const processes: ProcessStatus[] = [];
    const missing: Sums[] = [];
    for (const [at, member] of this.#members.entries()) {
      const { latest } = member;
      if (latest === null) continue; // it counts among the ended
      (answers[at] === null ? missing : processes).push(latest);
    }
    const state = stateOf(this.#stopping === null ? null : this.#stopBy - clock.now());
    const { restarts, reloads } = this.#counts;
    const own = { figures: { restarts, reloads: { ...reloads } }, histograms: {} };
    return combine(state, this.#modules, processes, [...missing, this.#ended, own]);
  }

  async whyNotReady(): Promise<string | null> {
    if (this.#stopping !== null) return 'stopping';
    const answers = await Promise.all(
      this.#members.map(async (member) =>
        member.isReady ? member.ask((id) => ({ kind: 'load', id }), 'load', figuresWithin) : null,
      ),
    );
    const answered = answers.filter((answer) => answer !== null);
    if (answered.length === 0) return 'no process answers';
    return answered.some(({ isOverloaded }) => isOverloaded) ? 'overloaded' : null;
  }

  get modules(): readonly Module[] {
    return this.#modules;
  }

  async command(call: CommandCall, processes: CommandProcesses): Promise<readonly unknown[]> {
    const ready = this.#members.filter(({ isReady }) => isReady);
    const asked = processes === 'any' ? ready.slice(0, 1) : ready;
    const within = processes === 'any' ? commandWithin : figuresWithin;
    const answers = await Promise.all(
      asked.map((member) => member.ask((id) => ({ kind: 'command', id, call }), 'commanded', within)),
    );
    const answered = answers.filter((answer) => answer !== null);
    const done = answered.filter(({ error }) => error === null);
    if (processes === 'owner' && done.length > 0) return done.map(({ result }) => result);
    const failures = answered.flatMap(({ error }) => error ?? []);
    const failure = failures.find(({ code }) => !unknownCodes.has(code)) ?? failures[0];
    if (failure !== undefined) throw new CommandError(failure.code, failure.message);
    if (answered.length === 0) throw new CommandError(500, 'no process answered in time');
    return answered.map(({ result }) => result);
  }

  #giveGrace(grace: number): void {
    this.#stopBy = clock.now() + grace;
    for (const member of this.#members) member.send({ kind: 'stop', grace });
    if (this.#kill !== null) clock.clearTimer(this.#kill);
    this.#kill = clock.setTimer(grace + margin, () => {
      for (const { worker } of this.#members) worker?.process.kill('SIGKILL');
    });
  }

  async #stop(): Promise<void> {
    this.#heartbeat.stop();
    for (const { timer } of this.#members) if (timer !== null) clock.clearTimer(timer);
    while (this.#members.some(({ worker }) => worker !== null)) await this.#exits.wait();
    if (this.#kill !== null) clock.clearTimer(this.#kill);
    await this.#store.close();
    rmSync(this.#directory, { recursive: true, force: true });
    await this.#logs.close();
  }

  #openLog(settings: LogSettings): Log {
    return this.#logs.open({ ...settings, logLevel: noticeLevel }, null, 'supervisor');
  }

  /** Ends all at once: the others may still pass messages to one that has no calls left. */
  #endDrained(): void {
    const running = this.#members.filter(({ worker }) => worker !== null);
    if (running.every(({ isDrained }) => isDrained))
      for (const member of running) member.send({ kind: 'end' });
  }

  async #start(member: Member): Promise<void> {
    const started = member.start.wait();
    this.#fork(member);
    const error = await started;
    if (error !== null) throw error;
  }

  #fork(member: Member): void {
    const worker = cluster.fork();
    member.worker = worker;
    member.startedAt = clock.now();
    member.heardAt = member.startedAt;
    worker.on('message', (message: FromProcess) => {
      // a lock requested after its end would never be released
      if (member.worker === worker) this.#receive(member, message);
    });
    worker.on('error', (error) => this.#log.warning(`process ${member.number}: ${error.message}`));
    worker.once('exit', (code: number | null, signal: string | null) => {
      if (member.worker === worker) this.#exited(member, signal ?? `with ${code}`);
    });
  }

  #receive(member: Member, message: FromProcess): void {
    member.heardAt = clock.now();
    switch (message.kind) {
      case 'booted': {
        const {
          processes: count,
          logFormat,
          syslogSocket,
          queueLimit,
          queueTimeout,
          waitForPort,
          traces,
          store,
        } = this.#options;
        member.source = this.#rollout.source;
        member.send({
          kind: 'start',
          number: member.number,
          count,
          directory: this.#directory,
          source: member.source,
          options: { logFormat, syslogSocket, queueLimit, queueTimeout, waitForPort, traces, store },
          isFirst: member.number === 0 && !this.#startupIsDone,
          values: this.#store.snapshot,
        });
        break;
      }
      case 'ready':
        if (member.number === 0) this.#startupIsDone = true;
        member.sockets = message.sockets;
        void this.#rollout.catchUp(member);
        if (!member.start.isAwaited)
          this.#log.notice(`process ${member.number} runs again, as ${member.worker?.process.pid}`);
        member.start.wake(null);
        break;
      case 'failed':
        if (!member.start.isAwaited)
          this.#log.warning(`process ${member.number} cannot start: ${message.message}`);
        member.start.wake(new StartError(message.message, message.code, message.socket));
        break;
      case 'figures':
        member.latest = message.figures;
        member.asked.get(message.id)?.(message);
        break;
      case 'load':
      case 'commanded':
      case 'reloaded':
        member.asked.get(message.id)?.(message);
        break;
      case 'pong':
        break;
      case 'drained':
        member.isDrained = true;
        if (this.#stopping === null) member.send({ kind: 'end' });
        else this.#endDrained();
        break;
      case 'store':
        this.#store.receive(member.number, message.requests);
    }
  }

  #exited(member: Member, how: string): void {
    member.worker = null;
    member.sockets = [];
    member.isDrained = false;
    if (member.latest !== null) this.#ended = sumsOf(this.#modules, [this.#ended, member.latest]);
    member.latest = null;
    if (this.#stopping !== null) this.#endDrained();
    this.#store.end(member.number);
    for (const answer of member.asked.values()) answer(null);
    this.#exits.wake();
    if (this.#stopping !== null) return;
    if (member.start.isAwaited) {
      member.start.wake(new StartError(`process ${member.number} ended ${how} while it started`));
      return;
    }
    if (clock.now() - member.startedAt >= stays) member.delay = firstDelay;
    this.#log.warning(`process ${member.number} ended ${how} and is restarted in ${member.delay} ms`);
    member.timer = clock.setTimer(member.delay, () => {
      member.timer = null;
      this.#counts.restarts++;
      this.#fork(member);
    });
    member.timer.ref(); // nothing else may keep this process alive
    member.delay = Math.min(2 * member.delay, longestDelay);
  }

  /** Kills processes whose event loop hangs, so that they are restarted. */
  #lookAfter(): void {
    // what a process has counted since is lost if it dies
    if (++this.#beats >= figuresEvery) void this.status();
    const now = clock.now();
    for (const member of this.#members) {
      if (member.worker === null) continue;
      const silent = now - member.heardAt;
      if (silent < unresponsive) member.send({ kind: 'ping' });
      else {
        this.#log.warning(
          `process ${member.number} has not answered for ${Math.round(silent / 1000)} s and is killed`,
        );
        member.heardAt = now;
        member.worker.process.kill('SIGKILL');
      }
    }
  }
}
