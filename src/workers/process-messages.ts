/** The messages between the supervisor and its processes. */
import type { CommandCall } from './administered.ts';
import type { LoadedSource } from './loaded.ts';
import type { ProcessOptions } from './sip-server.ts';
import type { ProcessStatus } from './status.ts';
import type { StoreAnswer, StoreRequest, ValueChange } from './stores/messages.ts';

/** {@link ProcessOptions} in a form that can be sent to a process. */
export type PassedOptions = Omit<ProcessOptions, 'writeLog'>;

export type ToProcess =
  | {
      readonly kind: 'start';
      readonly number: number;
      readonly count: number;
      /** The directory of the processes' sockets. */
      readonly directory: string;
      readonly source: LoadedSource;
      readonly options: PassedOptions;
      /** Whether startup_route must run, once for the whole server. */
      readonly isFirst: boolean;
      readonly values: readonly ValueChange[];
    }
  /** The first half of a reload: opens sockets. */
  | { readonly kind: 'prepare'; readonly id: number; readonly source: LoadedSource }
  /** The second half, after all processes have done the first. */
  | { readonly kind: 'proceed'; readonly id: number }
  /** Cancels the reload, since one process cannot do it. */
  | { readonly kind: 'abandon' }
  | { readonly kind: 'stop'; readonly grace: number | undefined }
  /** No process has calls left. */
  | { readonly kind: 'end' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'figures'; readonly id: number }
  | { readonly kind: 'load'; readonly id: number }
  /** An administration command. */
  | { readonly kind: 'command'; readonly id: number; readonly call: CommandCall }
  | {
      readonly kind: 'store';
      readonly changes: readonly ValueChange[];
      readonly answers: readonly StoreAnswer[];
    };

export type FromProcess =
  | { readonly kind: 'booted' }
  | { readonly kind: 'ready'; readonly sockets: readonly string[] }
  | {
      readonly kind: 'failed';
      readonly message: string;
      readonly code: string | undefined;
      readonly socket: string | undefined;
    }
  /** Half of a reload is done, or failed. */
  | {
      readonly kind: 'reloaded';
      readonly id: number;
      readonly error: string | null;
      /** Its open sockets. */
      readonly sockets: readonly string[];
    }
  | { readonly kind: 'pong' }
  /** Whether it has no calls left while stopping. */
  | { readonly kind: 'drained' }
  | { readonly kind: 'figures'; readonly id: number; readonly figures: ProcessStatus }
  | { readonly kind: 'load'; readonly id: number; readonly isOverloaded: boolean }
  | {
      readonly kind: 'commanded';
      readonly id: number;
      readonly result: unknown;
      readonly error: { readonly code: number; readonly message: string } | null;
    }
  | { readonly kind: 'store'; readonly requests: readonly StoreRequest[] };
