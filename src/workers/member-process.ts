/** One of several processes of a server: starts, reloads and stops as the supervisor tells it. */
import { basename } from 'node:path';
import { CommandError, messageOf } from '../runtime/index.ts';
import { memoryBudgets, Waiters } from '../timers/index.ts';
import { HandingOver } from './handing-over.ts';
import { loadFrom } from './loaded.ts';
import { Peers } from './peers.ts';
import { ProcessHost } from './process-host.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';
import { RunningServer } from './running-server.ts';
import { ServerLogs } from './server-logs.ts';
import { sharedStoreOf } from './shared-store.ts';
import { StartError } from './start-error.ts';
import { RemoteStore } from './stores/remote-store.ts';

/** @param sent called when the message has left this process */
type SendMessage = (message: FromProcess, sent?: () => void) => void;

export class MemberProcess {
  readonly #send: SendMessage;
  readonly #exit: (code: number) => void;
  /** Created by the start message, which contains the current values. */
  #store: RemoteStore | null = null;
  #server: RunningServer | null = null;
  readonly #end = new Waiters();

  constructor(send: SendMessage, exit: (code: number) => void) {
    this.#send = send;
    this.#exit = exit;
  }

  receive(message: ToProcess): void {
    switch (message.kind) {
      case 'start':
        void this.#start(message);
        break;
      case 'prepare':
        void this.#reload(message.id, async (server) => server.prepare(await loadFrom(message.source)));
        break;
      case 'proceed':
        void this.#reload(message.id, (server) => server.proceed());
        break;
      case 'abandon':
        void this.#server?.abandon();
        break;
      case 'stop':
        this.stop(message.grace);
        break;
      case 'end':
        this.#end.wake();
        break;
      case 'ping':
        this.#send({ kind: 'pong' });
        break;
      case 'figures':
        if (this.#server !== null)
          this.#send({ kind: 'figures', id: message.id, figures: this.#server.figures });
        break;
      case 'load':
        if (this.#server !== null)
          this.#send({ kind: 'load', id: message.id, isOverloaded: this.#server.isOverloaded });
        break;
      case 'command':
        void this.#command(message);
        break;
      case 'store':
        this.#store?.receive(message.changes, message.answers);
    }
  }

  /** Lets calls end, then the process. */
  stop(grace?: number): void {
    const stopped = this.#server?.stop({ grace }) ?? Promise.resolve();
    void stopped.then(() => this.#exit(0));
  }

  async #start(message: Extract<ToProcess, { kind: 'start' }>): Promise<void> {
    const { number, count, directory, source, options, isFirst, values } = message;
    const memory = memoryBudgets(count);
    const store = new RemoteStore({
      send: (requests, sent) => this.#send({ kind: 'store', requests }, sent),
      memory: memory.shared,
    });
    store.receive(values, []);
    this.#store = store;
    try {
      const script = await loadFrom(source);
      const peers = new Peers({
        directory,
        number,
        count,
        onFrame: (frame, from) => handingOver.take(frame, from),
      });
      const host = new ProcessHost({
        number,
        count,
        memory,
        store,
        shared: sharedStoreOf(script, options),
        server: basename(directory),
        runsStartupRoute: isFirst,
        logs: new ServerLogs(options),
        peers: peers.counts,
      });
      const handingOver = new HandingOver(host, peers, (...received) =>
        this.#server?.receiveOwn(...received),
      );
      // before any connection of this process is reported
      handingOver.begin();
      this.#server = await RunningServer.start(script, options, {
        host,
        handOver: (...received) => handingOver.give(...received),
        mayEnd: () => {
          const end = this.#end.wait();
          this.#send({ kind: 'drained' });
          return end;
        },
        sockets: {
          onConnection: (...about) => handingOver.announce(...about),
          elsewhere: (...wanted) => handingOver.elsewhere(...wanted),
        },
      });
      // until now the others have kept messages for this process
      await peers.listen();
      this.#send({ kind: 'ready', sockets: this.#server.sockets });
    } catch (error) {
      const { code, socket } = error instanceof StartError ? error : {};
      this.#send({ kind: 'failed', message: explain(error), code, socket });
      // after it was sent
      setImmediate(() => this.#exit(1));
    }
  }

  async #command({ id, call }: Extract<ToProcess, { kind: 'command' }>): Promise<void> {
    try {
      const [result = null] = (await this.#server?.command(call)) ?? [];
      // changes of shared values, which are sent in batches, precede the answer
      setImmediate(() => this.#send({ kind: 'commanded', id, result, error: null }));
    } catch (error) {
      const code = error instanceof CommandError ? error.code : 500;
      const message = messageOf(error);
      this.#send({ kind: 'commanded', id, result: null, error: { code, message } });
    }
  }

  async #reload(id: number, half: (server: RunningServer) => Promise<void>): Promise<void> {
    try {
      if (this.#server !== null) await half(this.#server);
      this.#send({ kind: 'reloaded', id, error: null, sockets: this.#server?.sockets ?? [] });
    } catch (error) {
      this.#send({ kind: 'reloaded', id, error: explain(error), sockets: [] });
    }
  }
}

const explain = (error: unknown) =>
  error instanceof StartError
    ? error.message
    : error instanceof Error
      ? (error.stack ?? error.message)
      : String(error);
