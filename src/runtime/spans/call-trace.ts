/** The trace of a request: a span for the request, and in it script runs, handlers, relays and their branches. */
import type { Branch, ServerTransaction, SipRequest } from '../../sip/index.ts';
import type { Span, SpanAttributes } from './span.ts';

interface OpenBranch {
  readonly span: Span;
  readonly relay: { readonly span: Span; open: number };
}

/** The kinds of routes as OpenSIPS' module opentelemetry calls them. */
const routeTypes: Partial<Record<string, string>> = {
  route: 'request',
  failure_route: 'failure',
  onreply_route: 'onreply',
  branch_route: 'branch',
  local_route: 'local',
  error_route: 'error',
};

export class CallTrace {
  /** What further parts belong to: the handler that runs, else the request. */
  #parent: Span;
  readonly #root: Span;
  readonly #method: string;
  readonly #branches = new Map<Branch, OpenBranch>();
  #isEnded = false;

  constructor(root: Span, method: string) {
    this.#root = root;
    this.#parent = root;
    this.#method = method;
  }

  // --- the request ---

  /** Follows the transaction of the request to its final reply. */
  follow(transaction: ServerTransaction): void {
    transaction.onReply((status) => this.replied(status));
  }

  /** A reply is sent; a final one ends the span of the request. */
  replied(status: number): void {
    if (this.#isEnded) return;
    if (status < 200) return this.#root.event(String(status));
    this.#root.set({ 'sip.response.status_code': status });
    if (isServerError(status)) this.#root.fail(String(status));
    this.end();
  }

  /** The request has ended, perhaps without a reply. */
  end(): void {
    this.#isEnded = true;
    this.#root.end();
  }

  // --- scripts and handlers ---

  /** A top route, or one that continues after async(). */
  run({ kind, name }: { readonly kind: string; readonly name: string }, branch: Branch | undefined): Span {
    const within = branch === undefined ? undefined : this.#branches.get(branch);
    return (within?.span ?? this.#parent).child(name === '' ? kind : `${kind}[${name}]`, 'internal', {
      'opensips.route.type': routeTypes[kind] ?? kind,
      'opensips.route.name': name === '' ? undefined : name,
    });
  }

  /** A handler; what begins before it ends belongs to it. */
  handler(name: string): Span {
    const span = this.#parent.child(name, 'internal');
    this.#parent = span;
    return span;
  }

  handlerEnded(span: Span): void {
    if (this.#parent === span) this.#parent = this.#root;
    span.end();
  }

  /** What REST calls outside of a script's run belong to. */
  get parent(): Span {
    return this.#parent;
  }

  // --- relaying ---

  /** Branches have been sent. `by`: the run that did it, if any. */
  relayed(branches: readonly Branch[], by: Span | null): void {
    const span = (by ?? this.#parent).child('relay', 'internal', { 'sip.branches': branches.length });
    const relay = { span, open: branches.length };
    for (const branch of branches)
      this.#branches.set(branch, {
        relay,
        span: span.child(`${this.#method} branch`, 'client', {
          ...protocol,
          'sip.request.method': this.#method,
          'sip.request.uri': branch.spec.edits?.uri,
          ...towards(branch),
        }),
      });
  }

  /** A function that sees the replies of a branch. */
  onReply(branch: Branch): Span {
    return (this.#branches.get(branch)?.span ?? this.#parent).child('onReply', 'internal');
  }

  branchReplied(branch: Branch, status: number): void {
    if (status < 200) this.#branches.get(branch)?.span.event(`${status}`);
  }

  branchEnded(branch: Branch): void {
    const open = this.#branches.get(branch);
    if (open === undefined) return;
    this.#branches.delete(branch);
    const { lastStatus: status, response } = branch;
    // the last target, after failover
    open.span.set({ ...towards(branch), 'sip.response.status_code': status });
    if (isServerError(status) || (response === null && status !== 487)) open.span.fail(String(status));
    open.span.end();
    if (--open.relay.open === 0) open.relay.span.end();
  }
}

const isServerError = (status: number) => status >= 500 && status < 600;

const protocol = { 'network.protocol.name': 'sip', 'network.protocol.version': '2.0' };

function towards({ target, spec }: Branch): SpanAttributes {
  const to = target ?? spec.targets[0];
  if (to === undefined) return {};
  return {
    'network.transport': to.transport,
    'server.address': to.name ?? to.address,
    'server.port': to.port,
    'network.peer.address': to.address,
    'network.peer.port': to.port,
  };
}

/** The attributes of a received request, by the conventions of OpenSIPS' module opentelemetry. */
export function requestAttributes(message: SipRequest): SpanAttributes {
  const { source, socket, method, cseq } = message;
  const userAgent = message.header('user-agent');
  return {
    ...protocol,
    'opensips.route.type': 'request',
    'sip.message.type': 'request',
    'sip.request.method': method,
    'sip.request.uri': text(message.requestUri),
    'sip.call_id': text(message.callId),
    'sip.cseq': `${cseq.number} ${cseq.method}`,
    'network.transport': source.transport,
    'network.peer.address': source.address,
    'network.peer.port': source.port,
    'network.local.address': socket?.local.address,
    'network.local.port': socket?.local.port,
    'user_agent.original': userAgent === null ? undefined : text(userAgent),
  };
}

/** The longest text of an attribute, in bytes. */
const longestText = 1000;

/** Messages are byte strings. */
const text = (bytes: string) => Buffer.from(bytes.slice(0, longestText), 'latin1').toString('utf8');
