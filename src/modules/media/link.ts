/** What all ways to a media relay have in common. */
import { isIP } from 'node:net';
import type { Host } from '../../runtime/index.ts';
import { randomToken } from '../../sip/index.ts';
import type { Clock } from '../../timers/index.ts';
import type { Definition } from './definition.ts';

/** What becomes of a command. */
export type Reply =
  /** A byte string, without the cookie. */
  | { readonly kind: 'answer'; readonly text: string }
  /** No answer in time. */
  | { readonly kind: 'silent'; readonly reason: string }
  /** It cannot be reached, or breaks the rules of the protocol. */
  | { readonly kind: 'failed'; readonly reason: string }
  /** Not sent: too much waits already, or the command is too long. The relay is not to blame. */
  | { readonly kind: 'refused'; readonly reason: string };

/** A way to a media relay. */
export interface Link {
  /** Sends a command, and waits for its answer. Never rejects. */
  ask(command: string): Promise<Reply>;
  /** Gives up whatever waits. */
  close(): void;
}

export interface LinkOptions {
  readonly definition: Definition;
  readonly names: Host['names'];
  readonly clock: Clock;
  /** How long one try waits for an answer, in ms. */
  readonly timeout: number;
  /** How often a command is sent, over UDP. */
  readonly tries: number;
  /** An answer that nothing waits for was dropped: it is late, or for another cookie. */
  readonly stray: () => void;
}

/** Longest answer, in bytes; a relay that sends a longer one is not understood. */
export const longestAnswer = 262_144;

/** Commands that may wait for one relay. */
const mostPending = 10_000;

const prefix = randomToken().slice(0, 12);
let count = 0;

/** A cookie that no other command has, of this process or another one. */
export const nextCookie = (): string => `${prefix}_${++count}`;

interface Pending {
  readonly data: Buffer;
  readonly settle: (reply: Reply) => void;
}

/** The commands of a link that wait for an answer, by cookie. */
export class PendingCommands {
  readonly #all = new Map<string, Pending>();
  readonly #stray: () => void;

  constructor(stray: () => void) {
    this.#stray = stray;
  }

  get isFull(): boolean {
    return this.#all.size >= mostPending;
  }

  /** Their texts, with the cookies. */
  get texts(): readonly Buffer[] {
    return [...this.#all.values()].map(({ data }) => data);
  }

  add(cookie: string, data: Buffer, settle: (reply: Reply) => void): void {
    this.#all.set(cookie, { data, settle });
  }

  /** Ends one; nothing if it has ended. */
  end(cookie: string, reply: Reply): void {
    const pending = this.#all.get(cookie);
    this.#all.delete(cookie);
    pending?.settle(reply);
  }

  endAll(reason: string): void {
    for (const cookie of [...this.#all.keys()]) this.end(cookie, { kind: 'failed', reason });
  }

  /** An answer, with its cookie. */
  answered(data: Buffer): void {
    const text = data.toString('latin1');
    const blank = text.indexOf(' ');
    const cookie = blank < 0 ? '' : text.slice(0, blank);
    if (this.#all.has(cookie)) this.end(cookie, { kind: 'answer', text: text.slice(blank + 1) });
    else this.#stray();
  }
}

/** The reply to a command while {@link mostPending} wait. */
export const tooMany: Reply = {
  kind: 'refused',
  reason: `${mostPending} commands wait for an answer`,
};

export const silent = (timeout: number, tries: number): Reply => ({
  kind: 'silent',
  reason: `no answer within ${timeout * tries} ms${tries === 1 ? '' : `, in ${tries} tries`}`,
});

/** The code of a system's error, which says more than its text. */
export const causeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? error.message;

/** The first address of a host; null if it has none. */
export async function addressOf({ definition, names }: LinkOptions): Promise<string | null> {
  const { host, isIPv6 } = definition;
  if (isIP(host) !== 0) return host;
  const [address = null] = await names.addresses(host, isIPv6 ? [6] : [4, 6]);
  return address;
}
