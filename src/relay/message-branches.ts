/**
 * The branches of a request to be forwarded: number 0 is the request URI itself; append_msg_branch() and related
 * functions add the others, and forwarding consumes them. Source: the manual's Script-CoreVar, $msg.branch.
 */

import { type Request, StateKey } from '../runtime/index.ts';
import { parseUri } from '../sip/index.ts';

export interface MessageBranch {
  uri: string;
  destinationUri: string | null;
  /** 0 to 1 as written, or null. */
  q: string | null;
  path: string | null;
  /** A forced socket such as `udp:127.0.0.1:5060`. */
  socket: string | null;
  readonly flags: Set<string>;
  readonly attributes: Map<string, string | number>;
  /** Whether it has flags or attributes. */
  readonly isMarked: boolean;
  /** Changes the branch's copy of the request before it is sent. */
  change?(own: Request): void;
}

/** Limit on branches. */
const maxBranches = 64;

const none: readonly MessageBranch[] = [];

/** Branch 0, a view of the request itself. */
class MainBranch implements MessageBranch {
  q: string | null = null;
  path: string | null = null;
  socket: string | null = null;
  // every request has a main branch, but few use its flags or attributes
  #flags: Set<string> | null = null;
  #attributes: Map<string, string | number> | null = null;
  readonly #request: Request;

  get flags(): Set<string> {
    this.#flags ??= new Set();
    return this.#flags;
  }

  get attributes(): Map<string, string | number> {
    this.#attributes ??= new Map();
    return this.#attributes;
  }

  get isMarked(): boolean {
    return this.#flags !== null || this.#attributes !== null;
  }

  constructor(request: Request) {
    this.#request = request;
  }

  get uri(): string {
    return this.#request.requestUri;
  }

  set uri(text: string) {
    this.#request.requestUri = text;
  }

  get destinationUri(): string | null {
    return this.#request.destinationUri;
  }

  set destinationUri(text: string | null) {
    this.#request.setDestinationUri(text);
  }
}

export class MessageBranches {
  // few requests have any
  #added: MessageBranch[] | null = null;
  readonly #main: MessageBranch;

  constructor(request: Request) {
    this.#main = new MainBranch(request);
  }

  /** Branch 0. */
  get main(): MessageBranch {
    return this.#main;
  }

  /** All branches, 0 included. */
  get all(): readonly MessageBranch[] {
    return this.#added === null ? [this.#main] : [this.#main, ...this.#added];
  }

  /** All branches except 0. */
  get added(): readonly MessageBranch[] {
    return this.#added ?? none;
  }

  /** Index 0 is the request's own branch, -1 the last one. */
  at(index: number): MessageBranch | undefined {
    return index === 0 ? this.#main : this.all.at(index);
  }

  get last(): MessageBranch {
    return this.#added?.at(-1) ?? this.#main;
  }

  get lastIndex(): number {
    return this.added.length;
  }

  /** Adds a branch. False for an invalid URI, and above the limit. */
  add(uri: string, more: Partial<Omit<MessageBranch, 'uri' | 'isMarked' | 'change'>> = {}): boolean {
    if (parseUri(uri) === null || this.added.length >= maxBranches) return false;
    this.#added ??= [];
    this.#added.push({
      uri,
      destinationUri: null,
      q: null,
      path: null,
      socket: null,
      flags: new Set(),
      attributes: new Map(),
      isMarked: true,
      ...more,
    });
    return true;
  }

  /** Removes a branch; later ones move up. Branch 0 cannot be removed. */
  remove(index: number): boolean {
    return index > 0 && this.#added?.splice(index - 1, 1).length === 1;
  }

  /** Copies `from` to `to`. False if either is missing. */
  copy(from: number, to: number): boolean {
    const [source, destination] = [this.all[from], this.all[to]];
    if (source === undefined || destination === undefined) return false;
    assign(destination, snapshot(source));
    return true;
  }

  swap(one: number, other: number): boolean {
    const [a, b] = [this.all[one], this.all[other]];
    if (a === undefined || b === undefined) return false;
    const kept = snapshot(a);
    assign(a, snapshot(b));
    assign(b, kept);
    return true;
  }

  /** Removes all added branches. */
  clear(): void {
    this.#added = null;
  }
}

function snapshot(branch: MessageBranch): Omit<MessageBranch, 'isMarked' | 'change'> {
  const { uri, destinationUri, q, path, socket, flags, attributes } = branch;
  return { uri, destinationUri, q, path, socket, flags: new Set(flags), attributes: new Map(attributes) };
}

function assign(branch: MessageBranch, from: Omit<MessageBranch, 'isMarked' | 'change'>): void {
  const { uri, destinationUri, q, path, socket, flags, attributes } = from;
  Object.assign(branch, { uri, destinationUri, q, path, socket });
  branch.flags.clear();
  for (const flag of flags) branch.flags.add(flag);
  branch.attributes.clear();
  for (const [name, value] of attributes) branch.attributes.set(name, value);
}

export const messageBranches = new StateKey<Request, MessageBranches>(
  'message branches',
  (request) => new MessageBranches(request),
);
