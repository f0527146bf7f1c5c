/** What a proxy has besides its server transactions: what goes out, and what comes back. */

import { hash } from 'node:crypto';
import { isIP } from 'node:net';
import type { ByteBudget, TimerWheel } from '../timers/index.ts';
import { branchOf, isUniqueBranch } from './branch.ts';
import { ClientTable } from './client-table.ts';
import type { NameService } from './destination.ts';
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
import type { TimerValues } from './timers.ts';
import { TRANSPORTS, viaProtocol } from './transports.ts';

export interface ProxyCoreOptions {
  readonly sockets: SocketRegistry;
  readonly timers?: TimerWheel;
  readonly values?: TimerValues;
  /** In every branch identifier: whose transaction it is. Default 0. */
  readonly processNumber?: number;
  /** Told of names at whose addresses nobody answers. */
  readonly names?: Pick<NameService, 'doubt'>;
  /** What client transactions may take of the heap; see ClientTableOptions. */
  readonly memory?: ByteBudget;
}

export interface StatelessOptions {
  /** Left out: chosen by the target, the one that the request came in by preferred. */
  readonly socket?: SendingSocket | null;
  readonly edits?: RequestEdits;
  readonly done?: (error: Error | null) => void;
}

/** What went through without a transaction since the start. */
export interface StatelessCounts {
  requests: number;
  responses: number;
  /** Responses of no transaction that could not be sent on, and those that a script keeps from the caller. */
  dropped: number;
}

export class ProxyCore {
  readonly counts: StatelessCounts = { requests: 0, responses: 0, dropped: 0 };
  readonly clients: ClientTable;
  readonly sockets: SocketRegistry;
  readonly processNumber: number;
  readonly names: Pick<NameService, 'doubt'>;
  /** The branches of CANCELs that went on without a transaction; the last ones. */
  readonly #cancels = new Set<string>();

  constructor(options: ProxyCoreOptions) {
    this.clients = new ClientTable(options);
    this.sockets = options.sockets;
    this.processNumber = options.processNumber ?? 0;
    this.names = options.names ?? {};
  }

  /** The response context of a server transaction, without branches so far. */
  createProxy<T = unknown>(
    server: ServerTransaction,
    hooks: ProxyHooks<T> = {},
    settings: ProxySettings = {},
  ): ProxyTransaction<T> {
    return new ProxyTransaction(server, this, hooks, settings);
  }

  /**
   * Copies of a request for others, beside whatever else becomes of it: what they answer goes nowhere. `onEnd` is
   * called once, when all of them have ended.
   */
  replicate<T>(
    request: SipRequest,
    specs: readonly BranchSpec<T>[],
    {
      values,
      frTimeout = 30_000,
      frInvTimeout = 120_000,
    }: Pick<ProxySettings, 'values' | 'frTimeout' | 'frInvTimeout'>,
    onEnd: () => void,
  ): void {
    let left = specs.length;
    const owner: BranchOwner<T> = {
      request,
      loopDigest: loopDigest(request),
      values,
      frTimeout: () => frTimeout,
      frInvTimeout: () => frInvTimeout,
      restartOnEachReply: true,
      received: (branch, { status }) => {
        if (!branch.isEnded || branch.isSettled || (status === 503 && branch.tryNext())) return;
        owner.endedHere(branch);
      },
      endedHere: (branch) => {
        branch.isSettled = true;
        branch.letGo();
        if (--left === 0) onEnd();
      },
      editCancel: null,
    };
    for (const [i, spec] of specs.entries()) {
      const branch = new ProxyBranch(i, spec, owner, this);
      if (!branch.start()) branch.endHere(503);
    }
  }

  /** Whether this element has sent the same request on before (16.3, 4); a spiral, which comes back with another Request-URI, is none. */
  isLooped(request: SipRequest): boolean {
    return isLooped(request, this.sockets);
  }

  /** Whether it has come by so often already that it goes nowhere. */
  hasPassedTooOften(request: SipRequest): boolean {
    return hasPassedTooOften(request, this.sockets);
  }

  /** `matched`: a client transaction has taken it. `unknown`: there is none; see {@link forwardResponseStateless}. */
  receiveResponse(response: SipResponse): 'matched' | 'unknown' {
    return this.clients.receive(response) ? 'matched' : 'unknown';
  }

  /**
   * Sends a request on without a transaction (16.11): the ACK to a 2xx, or what a script forwards. The same request
   * gets the same branch. False when there is no socket for the target.
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
    // on a stream the way back is the connection, which only its port names
    const edits = request.socket?.reliable === true ? { ...options.edits, forceRport: true } : options.edits;
    const { data } = forwardRequest(request, via, edits ?? {}, transport.reliable);
    this.counts.requests++;
    if (request.method === 'CANCEL') this.#rememberCancel(via.branch);
    transport.send(data, target.address, target.port, options.done);
    return true;
  }

  #rememberCancel(branch: string): void {
    const oldest = this.#cancels.size >= MAX_CANCELS ? this.#cancels.values().next().value : undefined;
    if (oldest !== undefined) this.#cancels.delete(oldest);
    this.#cancels.add(branch);
  }

  /** Whether a response answers a CANCEL that went on without a transaction, since it meant none of this element's. */
  hasForwardedCancel({ via, cseq }: SipResponse): boolean {
    return cseq.method === 'CANCEL' && via.branch !== null && this.#cancels.has(via.branch);
  }

  /**
   * Sends a response on that belongs to no transaction, to where the Via below the top one says (16.11, 18.2.2).
   * False, and nothing sent: its top Via is not this element's (18.1.2), there is no other, or that names no
   * address that there is a socket for; or a stream leads there, and no connection is open.
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
      // no maddr: the request has come by unicast, and its sender would choose who gets the reply
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

/** CANCELs that went on without a transaction are few. */
const MAX_CANCELS = 1000;

const bareHost = (host: string): string => (host.startsWith('[') ? host.slice(1, -1) : host);

/** The same for a request, its retransmissions and its CANCEL and ACK to a non-2xx response (16.11). */
function statelessBranch(request: SipRequest, target: Target, processNumber: number): string {
  const { via } = request;
  const { branch } = via;
  let text = `${target.transport} ${target.address} ${target.port}\n${via.sentBy}\n`;
  if (isUniqueBranch(branch)) text += branch;
  else
    text += `${via.text}\n${request.fromTag ?? ''}\n${request.callId}\n${request.cseq.number}\n${request.requestUri}`;
  return branchOf(hash('sha256', text, 'hex'), processNumber, loopDigest(request));
}
