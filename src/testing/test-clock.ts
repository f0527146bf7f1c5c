/** The clock of a simulation: time passes only while the test waits, as fast as the code allows. */
import { setTimeout as realPause } from 'node:timers/promises';
import { type Clock, SimulatedClock, type TimerHandle } from '../timers/index.ts';
import { SimulationError } from './simulation-error.ts';

/** Its time at the start: 0 often means "not yet". */
const start = 1000;

/** Default date at the start of a simulation: 2026-01-01T00:00:00Z. */
const firstDate = Date.UTC(2026, 0, 1);

/** How long {@link TestClock.until} waits at most, in simulated ms. */
const longestWait = 600_000;

/** Turns of the event loop without any activity after which nothing more happens by itself. */
const quietTurns = 2;

/** Limit on turns: code that never becomes quiet is an endless loop. */
const mostTurns = 100_000;

/** Limit on the real time that work on files and in threads may take, in ms. */
const longestWork = 10_000;

/** Counts what happens, so that the kit knows when nothing happens by itself any more. */
class CountingClock extends SimulatedClock {
  activity = 0;

  override setTimer(milliseconds: number, fire: () => void): TimerHandle {
    this.activity++;
    return super.setTimer(milliseconds, fire);
  }
}

/** The clock of a simulation. */
export class TestClock {
  readonly #clock: CountingClock;
  readonly #checks: (() => void)[] = [];
  /** What an error about waiting in vain ends with: what has happened so far. @internal */
  explain: () => string = () => '';
  /** Whether something ends by itself while time stands still. @internal */
  isWorking: () => boolean = () => false;

  /** @internal */
  constructor(date: Date | number = firstDate) {
    this.#clock = new CountingClock(Number(date) - start);
    this.#clock.advance(start);
  }

  /** What the server's code gets. @internal */
  get source(): Clock {
    return this.#clock;
  }

  /** Milliseconds since the start of the simulation. */
  get now(): number {
    return this.#clock.now() - start;
  }

  /** Its date, which begins at 2026-01-01T00:00:00Z unless the options say otherwise. */
  get date(): Date {
    return new Date(this.#clock.date());
  }

  /** Something happens in the simulation. @internal */
  touch(): void {
    this.#clock.activity++;
  }

  /** Adds a check that throws if the simulation has gone wrong. @internal */
  check(check: () => void): void {
    this.#checks.push(check);
  }

  /** Lets time pass: timers, retransmissions and timeouts that become due run in order, each at its time. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#clock.now() + milliseconds;
    do await this.settle();
    while (this.#clock.fireNext(end));
    this.#clock.advance(end - this.#clock.now());
    await this.settle();
  }

  /**
   * Lets time pass until the condition holds.
   * @throws SimulationError if it does not hold within ten simulated minutes, or nothing can happen any more
   * @param what names the condition in the error
   * @internal
   */
  async until(condition: () => boolean, what: () => string): Promise<void> {
    const end = this.#clock.now() + longestWait;
    for (;;) {
      await this.settle();
      if (condition()) return;
      if (this.#clock.fireNext(end)) continue;
      const why = this.#clock.timers === 0 ? 'nothing can happen any more' : 'not within ten minutes';
      throw new SimulationError(`waited in vain for ${what()}: ${why}${this.explain()}`);
    }
  }

  /** Lets the code run until it only waits for time to pass. */
  async settle(): Promise<void> {
    await this.#becomeQuiet();
    while (this.isWorking()) {
      await this.#work();
      await this.#becomeQuiet();
    }
    for (const check of this.#checks) check();
  }

  /** Resolves after turns of the event loop in which nothing has happened. */
  #becomeQuiet(): Promise<void> {
    const clock = this.#clock;
    // one promise for all turns: a test of a call takes a thousand
    return new Promise((resolve, reject) => {
      let [turns, quiet, before] = [0, 0, clock.activity];
      const turned = () => {
        quiet = clock.activity === before ? quiet + 1 : 0;
        before = clock.activity;
        if (quiet >= quietTurns) resolve();
        else if (++turns < mostTurns) setImmediate(turned);
        else reject(new SimulationError('the code never becomes quiet: it runs in an endless loop'));
      };
      setImmediate(turned);
    });
  }

  /** Lets work end that takes real time. */
  async #work(): Promise<void> {
    for (let left = longestWork; left > 0 && this.isWorking(); left--) await realPause(1);
    if (this.isWorking())
      throw new SimulationError('a handler has waited ten seconds for a file or a thread');
  }
}
