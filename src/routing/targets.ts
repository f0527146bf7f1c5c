/** The branches that relay() makes of its targets. */
import { type MessageBranch, setRoutes } from '../relay/index.ts';
import { findSocket, type Request, requestDraft } from '../runtime/index.ts';
import { parseUri, transportName } from '../sip/index.ts';
import { MessageView } from './message-view.ts';
import type { BranchRequest, RelayOptions, RelayTarget } from './relay-options.ts';
import { decode, decodeOr, encode } from './text.ts';

const maxTargets = 64;

/** A target as the branch of a message; it has neither flags nor attributes. */
export class TargetBranch implements MessageBranch {
  uri: string;
  destinationUri: string | null;
  q = null;
  path = null;
  socket: string | null;
  readonly isMarked = false;
  readonly #target: RelayTarget | null;
  readonly #onBranch: RelayOptions['onBranch'];
  /** Whether Route headers of the caller are left out. */
  readonly #withoutRoutes: boolean;

  constructor(
    place: { readonly uri: string; readonly destinationUri: string | null; readonly socket: string | null },
    target: RelayTarget | null,
    onBranch: RelayOptions['onBranch'],
    withoutRoutes: boolean,
  ) {
    this.uri = place.uri;
    this.destinationUri = place.destinationUri;
    this.socket = place.socket;
    this.#target = target;
    this.#onBranch = onBranch;
    this.#withoutRoutes = withoutRoutes;
  }

  get flags(): Set<string> {
    return new Set();
  }

  get attributes(): Map<string, string | number> {
    return new Map();
  }

  /** Makes the changes of this target to its copy of the request. */
  change(own: Request): void {
    if (this.#withoutRoutes) setRoutes(own, []);
    const headers = this.#target?.headers;
    if (headers === undefined && this.#onBranch === undefined) return;
    const view = new Branch(own);
    if (headers !== undefined) view.headers.assign(headers);
    this.#onBranch?.(view);
  }
}

/** A branch's copy of the request. */
class Branch extends MessageView implements BranchRequest {
  readonly #request: Request;

  constructor(request: Request) {
    super();
    this.#request = request;
  }

  protected get draft() {
    return this.#request.state(requestDraft);
  }

  get uri(): string {
    return decode(this.#request.requestUri);
  }

  set uri(text: string) {
    this.#request.requestUri = checkedUri(text);
  }

  get nextHop(): string | undefined {
    return decodeOr(this.#request.destinationUri);
  }

  set nextHop(text: string | undefined) {
    this.#request.setDestinationUri(text === undefined ? null : checkedUri(text));
  }
}

/** A byte string. @throws TypeError */
export function checkedUri(text: string): string {
  const bytes = encode(text);
  if (parseUri(bytes) === null) throw new TypeError(`invalid URI ${JSON.stringify(text)}`);
  return bytes;
}

/** The branches of a request. @throws TypeError for an invalid target */
export function targetsOf(request: Request, { targets, onBranch }: RelayOptions): TargetBranch[] {
  if (targets === undefined) {
    const { requestUri: uri, destinationUri } = request;
    return [new TargetBranch({ uri, destinationUri, socket: null }, null, onBranch, false)];
  }
  if (targets.length === 0 || targets.length > maxTargets)
    throw new TypeError(`relay() takes 1 to ${maxTargets} targets`);
  // Route headers of the caller would lead elsewhere
  const withoutRoutes = request.message?.header('route') != null;
  return targets.map((target) => {
    const full: RelayTarget = typeof target === 'string' ? { uri: target } : target;
    const place = {
      uri: checkedUri(full.uri),
      destinationUri: full.nextHop === undefined ? null : checkedUri(full.nextHop),
      socket: full.socket === undefined ? null : socketName(request, full.socket),
    };
    return new TargetBranch(place, full, onBranch, withoutRoutes);
  });
}

function socketName({ routing }: Request, text: string): string {
  const found = findSocket(routing.host.sockets, text);
  if (found === null) throw new TypeError(`the server has no socket ${JSON.stringify(text)}`);
  return transportName(found);
}
