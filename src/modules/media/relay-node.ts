/** A media relay: whether it answers, and the commands that it gets. */
import type { Clock } from '../../timers/index.ts';
import type { Definition } from './definition.ts';
import type { Link, Reply } from './link.ts';

/** `probing` before its first answer. */
export type NodeState = 'probing' | 'active' | 'inactive';

export interface NodeOptions {
  readonly clock: Clock;
  /** The command by which it is probed, and whether this is its answer. */
  readonly ping: string;
  readonly isAlive: (answer: string) => boolean;
  /** How long one that does not answer is left alone, in ms. */
  readonly rest: number;
  readonly changed: (node: RelayNode, reason: string) => void;
  readonly counted: (outcome: Outcome) => void;
}

/** What commands are counted by. */
export type Outcome = 'answered' | Exclude<Reply['kind'], 'answer'>;

export class RelayNode {
  readonly definition: Definition;
  readonly #link: Link;
  readonly #options: NodeOptions;
  #state: NodeState = 'probing';
  /** What an administrator may switch off. */
  isEnabled = true;
  #probe: Promise<boolean> | null = null;
  /** When it is probed next, on the clock, if it is inactive. */
  #restsUntil = 0;
  #heardAt = Number.NEGATIVE_INFINITY;

  constructor(definition: Definition, link: Link, options: NodeOptions) {
    this.definition = definition;
    this.#link = link;
    this.#options = options;
  }

  get state(): NodeState {
    return this.#state;
  }

  /** Whether it may get commands: not yet known while it is `probing`. */
  get isCandidate(): boolean {
    return this.isEnabled && this.#state !== 'inactive';
  }

  /** Whether it answers; waits for its first answer. */
  isUsable(): Promise<boolean> {
    if (!this.isEnabled) return Promise.resolve(false);
    return this.#state === 'probing' ? this.probe() : Promise.resolve(this.#state === 'active');
  }

  /** How long it is left alone yet, in ms. */
  get restsFor(): number {
    if (this.#state !== 'inactive') return 0;
    return Math.max(0, this.#restsUntil - this.#options.clock.now());
  }

  /** Sends a command; one that is not answered makes it inactive. */
  async ask(command: string): Promise<Reply> {
    const reply = await this.#link.ask(command);
    this.#options.counted(reply.kind === 'answer' ? 'answered' : reply.kind);
    if (reply.kind === 'answer') this.#heardAt = this.#options.clock.now();
    else if (reply.kind !== 'refused') this.#becomes('inactive', reply.reason);
    return reply;
  }

  /** Asks whether it is alive, once at a time. */
  probe(): Promise<boolean> {
    this.#probe ??= this.#ping();
    return this.#probe;
  }

  async #ping(): Promise<boolean> {
    const reply = await this.#link.ask(this.#options.ping);
    this.#probe = null;
    const isAlive = reply.kind === 'answer' && this.#options.isAlive(reply.text);
    this.#heardAt = this.#options.clock.now();
    const reason = reply.kind === 'answer' ? 'it does not understand pings' : reply.reason;
    this.#becomes(isAlive ? 'active' : 'inactive', reason);
    return isAlive;
  }

  /** Probes it if it is time to: inactive ones after their rest, active ones unless heard since, if `all` says so. */
  look(period: number, all: boolean): void {
    if (!this.isEnabled) return;
    const { clock } = this.#options;
    if (this.#state === 'inactive' ? this.restsFor === 0 : all && clock.now() - this.#heardAt >= period)
      void this.probe();
  }

  /** `0`: gets no commands; `1`: gets them at once; `2`: gets them when it has answered a probe. */
  administer(enable: number): void {
    this.isEnabled = enable !== 0;
    if (enable === 1) this.#becomes('active', 'enabled');
    if (enable !== 2) return;
    this.#becomes('inactive', 'probing');
    void this.probe();
  }

  #becomes(state: NodeState, reason: string): void {
    const before = this.#state;
    this.#state = state;
    if (state === 'inactive') this.#restsUntil = this.#options.clock.now() + this.#options.rest;
    const isNews = before === 'probing' ? state === 'inactive' : state !== before;
    if (isNews) this.#options.changed(this, reason);
  }

  close(): void {
    this.isEnabled = false;
    this.#link.close();
  }
}
