import type { Wire } from '../net/index.ts';
import { ConnectAttempt, type ConnectGoal } from './connect-attempt.ts';
import type { Failure } from './failure.ts';
import type { SocketReader } from './socket-reader.ts';
import type { Transfer } from './transfer.ts';

export interface PendingListener {
  onConnected(pending: PendingConnection, wire: Wire, reader: SocketReader | null): void;
  onConnectFailed(pending: PendingConnection, failure: Failure): void;
  /** Called when it was cancelled because no transfer waits for it any more. */
  onForsaken(pending: PendingConnection): void;
}

/** A connection being established, and the transfers that wait for it. */
export class PendingConnection {
  readonly transfers = new Set<Transfer>();
  readonly #attempt: ConnectAttempt;
  readonly #listener: PendingListener;
  #cancel: () => void;

  constructor(goal: ConnectGoal, listener: PendingListener) {
    this.#listener = listener;
    this.#attempt = new ConnectAttempt(goal, {
      onConnected: (wire, reader) => {
        for (const transfer of this.transfers) this.#tellTimes(transfer);
        listener.onConnected(this, wire, reader);
      },
      onConnectFailed: (failure) => {
        for (const transfer of this.transfers) this.#tellTimes(transfer);
        listener.onConnectFailed(this, failure);
      },
    });
    this.#cancel = () => this.#attempt.cancel();
  }

  start(): void {
    this.#attempt.start();
  }

  add(transfer: Transfer): void {
    this.transfers.add(transfer);
    transfer.pending = this;
  }

  /** Removes a transfer that no longer waits. */
  withdraw(transfer: Transfer): void {
    this.transfers.delete(transfer);
    this.#tellTimes(transfer);
    if (this.transfers.size > 0) return;
    this.#listener.onForsaken(this);
    this.cancel();
  }

  /** Connected, but its owner probes it first; `cancel` ends the probe. */
  continueWith(cancel: () => void): void {
    this.#cancel = cancel;
  }

  cancel(): void {
    this.#cancel();
  }

  #tellTimes({ clock }: Transfer): void {
    const { lookup, connect, tls } = this.#attempt.times;
    clock.lookup = lookup;
    clock.connect = connect;
    clock.tls = tls;
  }
}
