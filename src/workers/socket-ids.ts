import type { ListeningSocket } from '../runtime/index.ts';
import type { Transport } from '../sip/index.ts';
import { socketId } from './frames.ts';

/** The open sockets of a process, or those of its next script. */
interface Sockets {
  readonly sockets: readonly ListeningSocket[];
  readonly pending: readonly ListeningSocket[];
}

/** The numbers that identify a server's sockets in all processes. */
export class SocketIds {
  readonly #of: Sockets;
  #sockets: readonly ListeningSocket[] | null = null;
  #pending: readonly ListeningSocket[] | null = null;
  #ids: ReadonlyMap<Transport, number> = new Map();
  #transports: ReadonlyMap<number, Transport> = new Map();

  constructor(of: Sockets) {
    this.#of = of;
  }

  idOf(transport: Transport): number | undefined {
    this.#look();
    return this.#ids.get(transport);
  }

  transportOf(id: number): Transport | undefined {
    this.#look();
    return this.#transports.get(id);
  }

  /** Checks whether a reload has changed the sockets. */
  #look(): void {
    const { sockets, pending } = this.#of;
    if (this.#sockets === sockets && this.#pending === pending) return;
    this.#sockets = sockets;
    this.#pending = pending;
    const all = [...pending, ...sockets].map(
      ({ transport, configured }) => [transport, socketId(configured)] as const,
    );
    this.#ids = new Map(all);
    // of two with the same number use the first
    this.#transports = new Map(all.toReversed().map(([transport, id]) => [id, transport]));
  }
}
