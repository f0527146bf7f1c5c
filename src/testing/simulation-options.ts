/** Options of simulations and of their phones. */
import type { ProcessOptions } from '../workers/index.ts';
import type { NameRecords } from './names.ts';
import type { SimulatedProtocol } from './network.ts';
import type { ServiceBehaviour } from './services.ts';
import type { Weather } from './weather.ts';

/** Options of a simulation. */
export interface SimulationOptions extends Pick<ProcessOptions, 'queueLimit' | 'queueTimeout'> {
  /** The date at the start. Default 2026-01-01T00:00:00Z. */
  readonly date?: Date | number | undefined;
  /** Delay, loss and order of messages. Default: each takes 1 ms. */
  readonly weather?: Weather | undefined;
  /**
   * Whether `setTimeout`, `setInterval`, `Date`, `performance.now`, `AbortSignal.timeout` and `fetch` of this process are those of
   * the simulation until it is closed. Default false: a handler that waits for a real one fails the test.
   */
  readonly globals?: boolean | undefined;
  /** What services do from the start on, by host, as for `services.on()`: for those that the server asks when it starts. */
  readonly services?: Readonly<Record<string, ServiceBehaviour>> | undefined;
  /** Names that the name server knows beside those of phones and services. */
  readonly names?: Readonly<Record<string, NameRecords>> | undefined;
}

/** Options of a phone. */
export interface PhoneSettings {
  /** Its address of record. Default: `sip:NAME@home.example`. */
  readonly uri?: string | undefined;
  /** The transport to reach the server by. Default: that of its first socket. */
  readonly transport?: SimulatedProtocol | undefined;
}
