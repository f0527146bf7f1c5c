/**
 * The supervisor's store, as seen by a process: operations are messages, and the process has a copy of the replicated
 * values.
 */
import {
  type OperationKind,
  type Replacement,
  type ReplicatedValues,
  type Store,
  StoreError,
  type StoreOperation,
  type StoreResult,
} from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import {
  type Awaitable,
  andThen,
  ByteBudget,
  type Clock,
  every,
  type Repetition,
  systemClock,
} from '../../timers/index.ts';
import type { StoreAnswer, StoreRequest, ValueChange } from './messages.ts';
import { ValueSpace } from './value-space.ts';

export interface RemoteStoreOptions {
  /** Sends requests to the store; calls `sent` once they have left this process's memory. */
  readonly send: (requests: readonly StoreRequest[], sent: () => void) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Budget of the copied values. Default: unlimited. */
  readonly memory?: ByteBudget;
  /** Time limit for an answer, in ms, in addition to waiting for a lock. Default 5,000. */
  readonly timeout?: number;
  /** Maximum number of pending operations. Default 100,000. */
  readonly mostAsked?: number;
  /** Maximum number of unsent bytes, by estimate. Default 16 MiB. */
  readonly mostUnsent?: number;
}

interface Asked {
  readonly operation: StoreOperation;
  /** When it times out, on the clock; Infinity for a lock without a wait limit. */
  readonly due: number;
  readonly resolve: (result: StoreResult) => void;
  readonly reject: (error: StoreError) => void;
}

/** Interval of checks for overdue answers, in ms. */
const LOOK = 1000;
/** How long the supervisor may take to read a large file, in ms. */
const forReading = 120_000;
/** Size of an operation without its texts, in bytes. */
const OVERHEAD = 256;

export class RemoteStore implements Store {
  readonly cluster = null;
  readonly #send: RemoteStoreOptions['send'];
  readonly #clock: Clock;
  readonly #memory: ByteBudget;
  readonly #timeout: number;
  readonly #mostAsked: number;
  readonly #mostUnsent: number;
  readonly #copies = new Map<string, RemoteValues>();
  readonly #asked = new Map<number, Asked>();
  /** Locks and permits whose answers were overdue: one that is granted later is given back. */
  readonly #givenUp = new Map<number, StoreOperation<'lock' | 'take'>>();
  readonly #look: Repetition;
  #requests: StoreRequest[] = [];
  /** Bytes of queued requests, and of those being sent. */
  #waiting = 0;
  #unsent = 0;
  #lastId = 0;
  #isClosed = false;

  constructor(options: RemoteStoreOptions) {
    this.#send = options.send;
    this.#clock = options.clock ?? systemClock;
    this.#memory = options.memory ?? new ByteBudget(Number.POSITIVE_INFINITY);
    this.#timeout = options.timeout ?? 5000;
    this.#mostAsked = options.mostAsked ?? 100_000;
    this.#mostUnsent = options.mostUnsent ?? 16 * 1024 * 1024;
    this.#look = every(this.#clock, LOOK, () => this.#giveUpOverdue());
  }

  ask<Kind extends OperationKind>(asked: StoreOperation<Kind>): Promise<StoreResult<Kind>> {
    const operation = asked as StoreOperation; // of any kind
    if (this.#isClosed) return Promise.reject(new StoreError('unreachable', 'the supervisor is gone'));
    if (this.#asked.size + this.#givenUp.size >= this.#mostAsked || !this.#hasRoomFor(operation))
      return Promise.reject(new StoreError('overloaded', 'too much waits for the supervisor'));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, {
        operation,
        due: this.#clock.now() + this.#timeout + waitOf(operation),
        resolve, // the answer's type follows from its operation
        reject,
      });
      this.#queue({ id, operation });
    });
  }

  tell(operation: StoreOperation): void {
    if (!this.#isClosed) this.#queue({ operation });
  }

  values(space: string): ReplicatedValues {
    return this.#copy(space);
  }

  /** Receives from the supervisor: changes precede the answers to the operations that made them. */
  receive(changes: readonly ValueChange[], answers: readonly StoreAnswer[]): void {
    for (const { space, key, value } of changes) this.#copy(space).changed(key, value);
    for (const answer of answers) this.#answered(answer);
  }

  /** Called when the supervisor has ended: pending requests fail. */
  close(): void {
    this.#isClosed = true;
    this.#look.stop();
    for (const { reject } of this.#asked.values())
      reject(new StoreError('unreachable', 'the supervisor is gone'));
    this.#asked.clear();
    this.#givenUp.clear();
  }

  #answered(answer: StoreAnswer): void {
    const { id } = answer;
    const asked = this.#asked.get(id);
    const givenUp = this.#givenUp.get(id);
    this.#asked.delete(id);
    this.#givenUp.delete(id);
    if ('error' in answer) {
      asked?.reject(new StoreError(answer.error.code, answer.error.message));
      return;
    }
    if (answer.result === 'full') this.#memory.refused++;
    asked?.resolve(answer.result);
    if (givenUp?.kind === 'take' && answer.result === 'taken') this.tell({ kind: 'give', key: givenUp.key });
    if (givenUp?.kind === 'lock' && answer.result === 'granted') {
      const { space, key, owner } = givenUp;
      this.tell({ kind: 'unlock', space, key, owner });
    }
  }

  #giveUpOverdue(): void {
    const now = this.#clock.now();
    for (const [id, { operation, due, reject }] of this.#asked) {
      if (due > now) continue;
      this.#asked.delete(id);
      if (operation.kind === 'lock' || operation.kind === 'take') this.#givenUp.set(id, operation);
      reject(new StoreError('timeout', `the supervisor has not answered within ${this.#timeout} ms`));
    }
  }

  #hasRoomFor(operation: StoreOperation): boolean {
    return this.#waiting + this.#unsent + sizeOf(operation) <= this.#mostUnsent;
  }

  /** Collects the requests of one turn of the event loop into one message. */
  #queue(request: StoreRequest): void {
    this.#requests.push(request);
    this.#waiting += sizeOf(request.operation);
    if (this.#requests.length > 1) return;
    setImmediate(() => {
      const [requests, bytes] = [this.#requests, this.#waiting];
      this.#requests = [];
      this.#waiting = 0;
      this.#unsent += bytes;
      this.#send(requests, () => {
        this.#unsent -= bytes;
      });
    });
  }

  #copy(space: string): RemoteValues {
    let copy = this.#copies.get(space);
    if (copy === undefined) {
      copy = new RemoteValues(space, this.#memory, {
        ask: (operation) => this.ask(operation),
        tell: (operation) => this.tell(operation),
        hasRoomFor: (operation) => this.#hasRoomFor(operation),
      });
      this.#copies.set(space, copy);
    }
    return copy;
  }
}

interface Channel {
  readonly ask: Store['ask'];
  readonly tell: (operation: StoreOperation) => void;
  readonly hasRoomFor: (operation: StoreOperation) => boolean;
}

class RemoteValues implements ReplicatedValues {
  readonly #space: string;
  readonly #channel: Channel;
  readonly #copy: ValueSpace;

  constructor(space: string, memory: ByteBudget, channel: Channel) {
    this.#space = space;
    this.#channel = channel;
    this.#copy = new ValueSpace(memory);
  }

  get(key: string): Value | undefined {
    return this.#copy.get(key);
  }

  keys(): Iterable<string> {
    return this.#copy.keys();
  }

  get size(): number {
    return this.#copy.size;
  }

  watch(changed: (key: string) => void): void {
    this.#copy.watch(changed);
  }

  set(key: string, value: Value): boolean {
    const operation: StoreOperation = { kind: 'set-value', space: this.#space, key, value };
    if (!this.#channel.hasRoomFor(operation) || !this.#copy.set(key, value)) return false;
    this.#channel.tell(operation);
    return true;
  }

  initialize(key: string, value: Value): boolean {
    const operation: StoreOperation = { kind: 'initialize-value', space: this.#space, key, value };
    if (!this.#channel.hasRoomFor(operation) || !this.#copy.initialize(key, value)) return false;
    this.#channel.tell(operation);
    return true;
  }

  delete(key: string): void {
    if (this.#copy.delete(key)) this.#channel.tell({ kind: 'delete-value', space: this.#space, key });
  }

  /** The supervisor adds; this copy has the sum before the answer arrives. */
  add(key: string, by: number): Awaitable<StoreResult<'add-to-value'>> {
    return this.#channel.ask({ kind: 'add-to-value', space: this.#space, key, by });
  }

  /** The supervisor answers when the change is written. */
  replace(key: string, before: string | null, value: string | null): Replacement {
    const asked = this.#channel.ask({ kind: 'replace-value', space: this.#space, key, before, value });
    return {
      result: andThen(asked, (result) => (result === 'unwritten' ? 'stored' : result)),
      written: Promise.resolve(asked).then(
        (result) => result !== 'unwritten',
        () => false,
      ),
    };
  }

  changed(key: string, value: Value | undefined): void {
    this.#copy.copy(key, value);
  }
}

/** How long the operation may wait, in ms. */
function waitOf(operation: StoreOperation): number {
  if (operation.kind === 'keep-values') return forReading;
  return operation.kind === 'lock' || operation.kind === 'take'
    ? (operation.wait ?? Number.POSITIVE_INFINITY)
    : 0;
}

function sizeOf(operation: StoreOperation): number {
  let bytes = OVERHEAD;
  for (const part of Object.values(operation)) if (typeof part === 'string') bytes += part.length;
  return bytes;
}
