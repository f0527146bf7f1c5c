/** One branch of a stateful proxy: its targets in turn, its CANCEL, timer C (RFC 3261, 16.6 to 16.8 and 9.1). */
import { type Awaitable, andThen, Deadline } from '../timers/index.ts';
import { newBranch } from './branch.ts';
import { NO_ANSWER } from './cancel-reasons.ts';
import type { ClientTable } from './client-table.ts';
import { type ClientEnding, type ClientTransaction, type ClientUser, NO_USER } from './client-transaction.ts';
import type { NameService } from './destination.ts';
import { retryAfter, type TargetFailure, type TargetMemory } from './failed-targets.ts';
import { type ForwardedRequest, forwardRequest } from './forward.ts';
import { type HeaderText, NO_HEADERS } from './header-text.ts';
import { loopDigest } from './loop.ts';
import { SipRequest, type SipResponse } from './message.ts';
import { parseMessage } from './parse-message.ts';
import type { Branch, BranchSpec, BranchState, ResponseEdits, SendingSocket, Target } from './proxy-types.ts';
import { buildCancel } from './request.ts';
import type { SocketRegistry } from './socket-registry.ts';
import type { TimerValues } from './timers.ts';
import { TRANSPORTS } from './transports.ts';

/** What a branch needs to send. */
export interface Sending {
  readonly clients: ClientTable;
  readonly sockets: SocketRegistry;
  /** Put into every branch identifier: the process that owns the transaction. */
  readonly processNumber: number;
  /** Notified of names whose addresses do not answer. */
  readonly names: Pick<NameService, 'doubt'>;
  /** Told which targets fail, and which answer. */
  readonly targets: TargetMemory;
}

const isConnected = ({ transport }: SendingSocket, { address, port }: Target): boolean =>
  !transport.reliable || transport.isConnected?.(address, port) === true;

/** The owner of a branch. */
export interface BranchOwner<T> {
  readonly request: SipRequest;
  /** Timers of the client transactions; undefined: the table's. */
  readonly values: TimerValues | undefined;
  /** In ms, read for each request. */
  readonly frTimeout: number;
  readonly frInvTimeout: number;
  /** Instead of {@link frTimeout}, if other targets are left. */
  readonly failoverTimeout: number;
  readonly restartOnEachReply: boolean;
  /** Called for each response, but not for provisional ones after the end. */
  branchReceived(branch: ProxyBranch<T>, response: SipResponse): void;
  /** Called when a branch gets a final status that was generated here. */
  branchEndedHere(branch: ProxyBranch<T>): void;
  /** Changes a CANCEL before it is sent; absent if nothing does. */
  editCancel?(branch: Branch<T>, cancel: Buffer): Awaitable<Buffer>;
}

/** The deadline is timer C while the target rings; after cancelling or abandoning, the limit for a final response (9.1). */
export class ProxyBranch<T> extends Deadline implements Branch<T>, ClientUser {
  readonly index: number;
  readonly spec: BranchSpec<T>;
  state: BranchState = 'calling';
  target: Target | null = null;
  lastStatus = 0;
  lastReceivedStatus = 0;
  response: SipResponse | null = null;
  isCancelled = false;
  /** Whether its owner has processed its final status. */
  isSettled = false;
  /** The user's edits to the final response. */
  finalEdits: ResponseEdits | null = null;
  readonly #owner: BranchOwner<T>;
  readonly #sending: Sending;
  #next = 0;
  #client: ClientTransaction | null = null;
  #sent: ForwardedRequest | null = null;
  #socket: SendingSocket | null = null;
  /** Whether the target has sent any response. */
  #heard = false;
  #cancelSent = false;
  #isGivenUp = false;
  #cancelHeaders: HeaderText = NO_HEADERS;

  constructor(index: number, spec: BranchSpec<T>, owner: BranchOwner<T>, sending: Sending) {
    super();
    this.index = index;
    this.spec = spec;
    this.#owner = owner;
    this.#sending = sending;
  }

  /** Whether it has a status of 200 or more, received or generated here. */
  get isEnded(): boolean {
    return this.state === 'ended';
  }

  /** Sends to the first or next target; false after the last one. */
  start(): boolean {
    const { targets, socket: forced } = this.spec;
    for (let target = targets[this.#next]; target !== undefined; target = targets[this.#next]) {
      this.#next++;
      const { sockets } = this.#sending;
      const forcedFits = forced != null && forced.transport.protocol === target.transport;
      const socket = forcedFits ? forced : sockets.choose(target, this.#owner.request.socket);
      if (socket === null) continue;
      if (this.spec.ifNotConnected !== undefined && !isConnected(socket, target)) continue;
      this.#send(target, socket);
      return true;
    }
    return false;
  }

  #send(target: Target, socket: SendingSocket): void {
    const { request } = this.#owner;
    const { transport } = socket;
    const via = {
      transport: TRANSPORTS[transport.protocol].via,
      host: socket.host,
      port: socket.port,
      branch: newBranch(this.#sending.processNumber, loopDigest(request)),
    };
    const sent = forwardRequest(request, via, this.spec.edits ?? {}, transport.reliable);
    this.target = target;
    this.state = 'calling';
    this.#heard = false;
    this.#sent = sent;
    this.#socket = socket;
    const client = this.#sending.clients.create({
      request: sent,
      data: sent.bytes(),
      transport,
      sentBy: socket,
      destination: target,
      values: this.#owner.values,
      timeout: this.#silenceLimit,
      ackHeaders: this.spec.ownHeaders ?? NO_HEADERS,
      user: this,
    });
    this.#client = client;
    client.start();
  }

  /** How long the present target may be silent, in ms. */
  get #silenceLimit(): number {
    const { frTimeout, failoverTimeout } = this.#owner;
    return this.#hasOthers ? Math.min(frTimeout, failoverTimeout) : frTimeout;
  }

  get #hasOthers(): boolean {
    return this.#next < this.spec.targets.length;
  }

  onEnd(ending: ClientEnding, error: Error | null, client: ClientTransaction): void {
    if (client !== this.#client) return;
    if (ending !== 'done') this.#unanswered(ending === 'timeout' ? 408 : 503, error);
    else if (this.isEnded) this.#stopWaiting();
  }

  onResponse(response: SipResponse): void {
    const { status } = response;
    this.lastReceivedStatus = status;
    this.#heard = true;
    const isLate = this.isEnded;
    if (!isLate) this.lastStatus = status;
    if (status === 503 || !this.#sending.targets.isEmpty) this.#judge(response);
    if (status < 200) {
      if (isLate) return;
      const isFirst = this.state === 'calling';
      this.state = 'ringing';
      if (this.isCancelled) this.#sendCancel();
      else if (this.#isInvite && (isFirst || (this.#owner.restartOnEachReply && status > 100)))
        this.#wait(this.#owner.frInvTimeout);
      else if (!this.#isInvite && isFirst && this.#hasOthers) this.#client?.waitFor(this.#owner.frTimeout);
    } else {
      this.#stopWaiting();
      if (isLate && status >= 300) return; // the 487 of an abandoned branch
      this.state = 'ended';
      this.response = response;
      this.lastStatus = status;
    }
    this.#owner.branchReceived(this, response);
  }

  /** After timer B, F or a transport error: tries the next target, or ends (16.7, 16.8, 16.9). */
  #unanswered(status: number, error: Error | null): void {
    if (this.isEnded) return;
    if (!this.#heard) {
      if (error !== null) this.#failed({ kind: 'transport', detail: error.message });
      else if (!this.#isGivenUp)
        this.#failed({ kind: 'timeout', detail: `no response within ${this.#silenceLimit / 1000} s` });
      if (this.tryNext()) return;
      this.#doubtNames();
    }
    this.endHere(this.isCancelled && this.#isInvite ? 487 : status);
  }

  #judge(response: SipResponse): void {
    if (response.status === 503)
      this.#failed({
        kind: 'unavailable',
        detail: 'it answers 503',
        pause: retryAfter(response.header('retry-after')),
      });
    else if (this.target !== null) this.#sending.targets.answered(this.target);
  }

  #failed(failure: Omit<TargetFailure, 'isOnly'>): void {
    const isOnly = this.spec.targets.length === 1;
    if (this.target !== null) this.#sending.targets.failed(this.target, { ...failure, isOnly });
  }

  /** Makes the next request query the name servers again before the TTL expires. */
  #doubtNames(): void {
    const names = new Set(this.spec.targets.map(({ name }) => name));
    for (const name of names) if (name !== undefined) this.#sending.names.doubt?.(name);
  }

  /** RFC 3263, 4.3: the next target gets its own transaction. False after the last target, or if cancelled. */
  tryNext(): boolean {
    if (this.isCancelled || this.#isGivenUp) return false;
    this.#stopWaiting();
    this.letGo();
    this.#client = null;
    if (!this.start()) return false;
    this.response = null;
    this.finalEdits = null;
    return true;
  }

  /**
   * Called after the transaction's final response: later responses go to `user`, and the client transaction no longer
   * refers to this branch.
   */
  letGo(user: ClientUser = NO_USER): void {
    if (this.#client?.isWaiting !== false) return;
    this.#client.handOver(user);
    this.#client = null;
  }

  /** After {@link start} has found nothing to send to. */
  endUnsent(): void {
    this.endHere(this.spec.ifNotConnected ?? 503);
  }

  endHere(status: number): void {
    this.state = 'ended';
    this.lastStatus = status;
    this.response = null;
    this.#owner.branchEndedHere(this);
  }

  /** Cancels at once after a provisional response, else when one arrives (9.1). Does nothing after the end. */
  cancel(headers: HeaderText = NO_HEADERS): void {
    if (this.isEnded || this.isCancelled || !this.#isInvite) return;
    this.isCancelled = true;
    this.#cancelHeaders = headers;
    if (this.state === 'ringing') this.#sendCancel();
  }

  /** Another branch has answered. Stops retransmitting requests that no CANCEL can end (9.1). */
  giveUp(): void {
    if (this.isEnded || this.#isInvite) return;
    this.#isGivenUp = true;
    this.#client?.stopResending();
  }

  #sendCancel(): void {
    const sent = this.#sent;
    if (this.#cancelSent || sent === null) return;
    this.#cancelSent = true;
    const extra = (this.#cancelHeaders + (this.spec.ownHeaders ?? NO_HEADERS)) as HeaderText;
    const data = buildCancel(sent, extra);
    void andThen(this.#owner.editCancel?.(this, data) ?? data, (last) => this.#transmitCancel(last));
    this.#wait(64 * (this.#owner.values ?? this.#sending.clients.values).t1);
  }

  #transmitCancel(data: Buffer): void {
    const [sent, socket, target] = [this.#sent, this.#socket, this.target];
    if (sent === null || socket === null || target === null) return;
    const message = parseMessage(data);
    if (!(message instanceof SipRequest) || message.via.branch !== sent.via.branch) return;
    this.#sending.clients
      .create({
        request: message,
        data,
        transport: socket.transport,
        sentBy: socket,
        destination: target,
        values: this.#owner.values,
        user: NO_USER, // the INVITE's own response counts (9.1)
      })
      .start();
  }

  override onDeadline(): void {
    if (this.isEnded || this.#cancelSent) {
      // no final response since it was cancelled or abandoned: it has ended (9.1)
      const client = this.#client;
      if (!this.isEnded) this.endHere(487);
      client?.terminate();
      return;
    }
    // 16.8 would wait for the 487, but a script that tries the next callee must not
    this.isCancelled = true;
    this.#cancelHeaders = NO_ANSWER;
    this.#sendCancel();
    this.endHere(408);
  }

  #wait(milliseconds: number): void {
    this.#sending.clients.timers.start(this, milliseconds);
  }

  #stopWaiting(): void {
    this.#sending.clients.timers.stop(this);
  }

  get #isInvite(): boolean {
    return this.#owner.request.method === 'INVITE';
  }
}
