import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';

/** A host that never answers: no TCP handshake with it completes. */
export interface DeadHost {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  close(): Promise<void>;
}

/**
 * A thread listens and then sleeps without ever accepting; its accept queue is filled, so the kernel drops every
 * further SYN, as a host that is gone or a firewall does.
 */
export async function startDeadHost(): Promise<DeadHost> {
  const thread = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       // later: the message has to go out first
       setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 50);
     });`,
    { eval: true },
  );
  const port = await new Promise<number>((resolve, reject) => {
    thread.once('error', reject);
    thread.once('message', resolve);
  });
  const fillers: Socket[] = [];
  const probe = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      fillers.push(socket);
      const timer = setTimeout(() => resolve(false), 200);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve(true);
      });
      socket.on('error', () => {});
    });
  await new Promise((resolve) => setTimeout(resolve, 100));
  for (let i = 0; await probe(); i++) {
    if (i > 100) throw new Error('the accept queue does not fill');
  }
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      for (const socket of fillers) socket.destroy();
      await thread.terminate();
    },
  };
}
