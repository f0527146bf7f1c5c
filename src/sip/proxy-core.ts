/** The client side of a proxy: forwards requests and receives their responses. */

import { hash } from 'node:crypto';
import { isIP } from '../net/index.ts';
import type { ByteBudget, TimerWheel } from '../timers/index.ts';
import { branchOf, isUniqueBranch } from './branch.ts';
import { ClientTable } from './client-table.ts';
import type { NameService } from './destination.ts';
import { NO_MEMORY, type TargetMemory } from './failed-targets.ts';
import { forwardRequest, forwardResponse } from './forward.ts';
import { hasPassedTooOften, isLooped, loopDigest } from './loop.ts';
import type { SipRequest, SipResponse } from './message.ts';
import { type BranchOwner, ProxyBranch } from './proxy-branch.ts';
import { ProxyTransaction } from './proxy-transaction.ts';
import type {
  BranchSpec,
  ProxyHooks,
  ProxySettings,
  RequestEdits,
  ResponseEdits,
  SendingSocket,
  Target,
} from './proxy-types.ts';
import type { ServerTransaction } from './server-transaction.ts';
import type { SocketRegistry } from './socket-registry.ts';
import { DEFAULT_PROXY_TIMEOUTS, failoverTimeoutOf, type TimerValues } from './timers.ts';
import { TRANSPORTS, viaProtocol } from './transports.ts';
import { bareHost } from './uri.ts';

export interface ProxyCoreOptions {
  readonly sockets: SocketRegistry;
  readonly timers?: TimerWheel;
  readonly values?: TimerValues;
  /** Put into every branch identifier: the process that owns the transaction. Default 0. */
  readonly processNumber?: number;
  /** Notified of names whose addresses do not answer. */
  readonly names?: Pick<NameService, 'doubt'>;
  /** Told which targets fail, and which answer. Default: nothing. */
  readonly targets?: TargetMemory;
  /** Heap budget of client transactions; see {@link ClientTableOptions}. */
  readonly memory?: ByteBudget;
}

export interface StatelessOptions {
  /** Default: chosen by the target, preferring the socket on which the request arrived. */
  readonly socket?: SendingSocket | null;
  readonly edits?: RequestEdits;
  readonly done?: (error: Error | null) => void;
}

/** Counters of stateless forwarding since the start. */
export interface StatelessCounts {
  requests: number;
  responses: number;
  /** Responses without a transaction that could not be forwarded, and those that a script dropped. */
  dropped: number;
}

export class ProxyCore {
  readonly counts: StatelessCounts = { requests: 0, responses: 0, dropped: 0 };
  readonly clients: ClientTable;
  readonly sockets: SocketRegistry;
  readonly processNumber: number;
  readonly names: Pick<NameService, 'doubt'>;
  readonly targets: TargetMemory;
  /** Branches of statelessly forwarded CANCELs; the oldest are forgotten. */
  readonly #cancels = new Set<string>();

  constructor(options: ProxyCoreOptions) {
    this.clients = new ClientTable(options);
    this.sockets = options.sockets;
    this.processNumber = options.processNumber ?? 0;
    this.names = options.names ?? {};
    this.targets = options.targets ?? NO_MEMORY;
  }

  /** Creates the response context of a server transaction, initially without branches. */
  createProxy<T = unknown>(
    server: ServerTransaction,
    hooks: ProxyHooks<T> = {},
    settings: ProxySettings = {},
  ): ProxyTransaction<T> {
    return new ProxyTransaction(server, this, hooks, settings);
  }

  /**
   * Sends copies of a request to others, independent of how the request itself ends, and discards their responses.
   * `onEnd` is called once, when all have ended.
   */
  replicate<T>(
    request: SipRequest,
    specs: readonly BranchSpec<T>[],
    {
      values,
      frTimeout = DEFAULT_PROXY_TIMEOUTS.frTimeout,
      frInvTimeout = DEFAULT_PROXY_TIMEOUTS.frInvTimeout,
      failoverTimeout = failoverTimeoutOf(values ?? this.clients.values),
    }: Pick<ProxySettings, 'values' | 'frTimeout' | 'frInvTimeout' | 'failoverTimeout'>,
    onEnd: () => void,
  ): void {
    let left = specs.length;
    const owner: BranchOwner<T> = {
      request,
      values,
      frTimeout,
      frInvTimeout,
      failoverTimeout,
      restartOnEachReply: true,
      branchReceived: (branch, { status }) => {
        if (!branch.isEnded || branch.isSettled || (status === 503 && branch.tryNext())) return;
        owner.branchEndedHere(branch);
      },
      branchEndedHere: (branch) => {
        branch.isSettled = true;
        branch.letGo();
        if (--left === 0) onEnd();
      },
    };
    for (const [i, spec] of specs.entries()) {
      const branch = new ProxyBranch(i, spec, owner, this);
      if (!branch.start()) branch.endHere(503);
    }
  }

  /**
   * Whether this element has forwarded the same request before (16.3, 4). False for a spiral, which returns with
   * another Request-URI.
   */
  isLooped(request: SipRequest): boolean {
    return isLooped(request, this.sockets);
  }

  /** Whether the request has passed this element too often. */
  hasPassedTooOften(request: SipRequest): boolean {
    return hasPassedTooOften(request, this.sockets);
  }

  /**
   * `matched`: passed to its client transaction. `unknown`: no transaction matches; see
   * {@link forwardResponseStateless}.
   */
  receiveResponse(response: SipResponse): 'matched' | 'unknown' {
    return this.clients.receive(response) ? 'matched' : 'unknown';
  }

  /**
   * Forwards a request without a transaction (16.11): the ACK to a 2xx, or any request for which the script asks. The
   * same request always gets the same branch. False without a socket for the target.
   */
  forwardStateless(request: SipRequest, target: Target, options: StatelessOptions = {}): boolean {
    const socket = options.socket ?? this.sockets.choose(target, request.socket);
    if (socket === null) return false;
    const { transport } = socket;
    const via = {
      transport: TRANSPORTS[transport.protocol].via,
      host: socket.host,
      port: socket.port,
      branch: statelessBranch(request, target, this.processNumber),
    };
    // on a stream the response returns on the request's connection, which only its port identifies
    const edits = request.socket?.reliable === true ? { ...options.edits, forceRport: true } : options.edits;
    const data = forwardRequest(request, via, edits ?? {}, transport.reliable).bytes();
    this.counts.requests++;
    if (request.method === 'CANCEL') this.#rememberCancel(via.branch);
    transport.send(data, target.address, target.port, options.done, target);
    return true;
  }

  #rememberCancel(branch: string): void {
    const oldest = this.#cancels.size >= MAX_CANCELS ? this.#cancels.values().next().value : undefined;
    if (oldest !== undefined) this.#cancels.delete(oldest);
    this.#cancels.add(branch);
  }

  /** Whether a response answers a CANCEL that was forwarded statelessly because it matched no transaction here. */
  hasForwardedCancel({ via, cseq }: SipResponse): boolean {
    return cseq.method === 'CANCEL' && via.branch !== null && this.#cancels.has(via.branch);
  }

  /**
   * Forwards a response without a transaction to the address in the second Via (16.11, 18.2.2). False, without sending,
   * if the top Via is not this element's (18.1.2), the second Via is missing, no socket fits its address, or it needs a
   * stream without an open connection.
   */
  forwardResponseStateless(response: SipResponse, edits: ResponseEdits = {}): boolean {
    const sent = this.#sendBack(response, edits);
    this.counts[sent ? 'responses' : 'dropped']++;
    return sent;
  }

  #sendBack(response: SipResponse, edits: ResponseEdits): boolean {
    const { via } = response;
    const next = response.vias[1];
    if (next === undefined || !this.sockets.isOwn(via.host, via.port)) return false;
    const protocol = viaProtocol(next.transport);
    if (protocol === null) return false;
    const target: Target = {
      // no maddr: the request arrived by unicast, and its sender could choose who gets the reply
      address: bareHost(next.received ?? next.host),
      port: Number(next.rport) || next.senderPort,
      transport: protocol,
    };
    const socket = isIP(target.address) !== 0 ? this.sockets.choose(target, response.socket) : null;
    if (socket === null || target.port > 65_535) return false;
    if (socket.transport.isConnected?.(target.address, target.port) === false) return false;
    const data = forwardResponse(response, edits, socket.transport.reliable);
    if (data === null) return false;
    socket.transport.send(data, target.address, target.port);
    return true;
  }

  /** Ends all client transactions. */
  close(): void {
    this.clients.close();
  }
}

/** More than a proxy has at once: stateless CANCELs are rare. */
const MAX_CANCELS = 1000;

/** The same for a request, its retransmissions, its CANCEL, and its ACK to a non-2xx response (16.11). */
function statelessBranch(request: SipRequest, target: Target, processNumber: number): string {
  const { via } = request;
  const { branch } = via;
  let text = `${target.transport} ${target.address} ${target.port}\n${via.sentBy}\n`;
  if (isUniqueBranch(branch)) text += branch;
  else
    text += `${via.text}\n${request.fromTag ?? ''}\n${request.callId}\n${request.cseq.number}\n${request.requestUri}`;
  return branchOf(hash('sha256', text, 'hex'), processNumber, loopDigest(request));
}
