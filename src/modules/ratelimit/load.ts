/** The load of the process, for the algorithm FEEDBACK: which share of the requests is refused so that the load stays at a limit. */
import { type Host, StateKey } from '../../runtime/index.ts';
import { every } from '../../timers/index.ts';

/** How often the load is measured, in ms. */
const period = 1000;

class Feedback {
  /** Proportional, integral and derivative gains. */
  gains = { proportional: 0.5, integral: 0.5, derivative: 0.5 };
  /** The wanted load, in percent. */
  limit = 100;
  /** The share of requests to refuse, from 0 to 1. */
  refused = 0;
  #integral = 0;
  #error = 0;
  #cpu = process.cpuUsage();
  #at: number;

  constructor({ clock }: Host) {
    this.#at = clock.now();
    every(clock, period, () => this.#measure(clock.now()));
  }

  #measure(now: number): void {
    const { user, system } = process.cpuUsage(this.#cpu);
    const load = (user + system) / (10 * Math.max(1, now - this.#at));
    this.#cpu = process.cpuUsage();
    this.#at = now;
    const error = load - this.limit;
    this.#integral = Math.max(0, Math.min(200, this.#integral + error));
    const { proportional, integral, derivative } = this.gains;
    const output = proportional * error + integral * this.#integral + derivative * (error - this.#error);
    this.#error = error;
    this.refused = Math.max(0, Math.min(1, output / 100));
  }
}

export const feedback = new StateKey<Host, Feedback>('ratelimit feedback', (host) => new Feedback(host));
