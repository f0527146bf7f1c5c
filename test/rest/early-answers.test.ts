/** Answers of HTTP/1.1 that come before the whole body of the request was sent. */
import net, { type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { later, sleep } from '../support/steady-clock.ts';
import { closeLater, newClient, textOf } from './fixture.ts';
import { reply } from './raw-server.ts';

/** More than the buffers of two sockets hold. */
const BODY = Buffer.alloc(16_000_000, 120);

/** Answers to the head of each request, and reads on, or not, as `then` has it. */
async function answering(text: string, then: (socket: Socket) => void) {
  const state = { received: 0, connections: 0 };
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    state.connections++;
    sockets.add(socket.on('error', () => {}));
    let left = 0; // of the body
    socket.on('data', (piece) => {
      state.received += piece.length;
      const end = left === 0 ? piece.indexOf('\r\n\r\n') : -1;
      if (end < 0) {
        left -= piece.length;
        return;
      }
      const length = Number(/content-length: (\d+)/i.exec(piece.toString('latin1', 0, end))?.[1] ?? 0);
      left = length - (piece.length - end - 4);
      socket.write(text);
      if (length > 0) {
        socket.pause();
        then(socket);
      }
    });
  });
  closeLater({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, state };
}

const readsOn = (socket: Socket): void => later(() => socket.resume(), 50);

describe('an answer before the whole body was sent', () => {
  it('does not stop the upload if it is a success, and the connection is kept', async () => {
    const { url, state } = await answering(reply('taken'), readsOn);
    const client = newClient();
    expect(await client.post(url, BODY)).toMatchObject({ rc: 1, retcode: 200, text: 'taken' });
    await expect.poll(() => state.received).toBeGreaterThan(BODY.length);
    expect(await client.get(url)).toMatchObject({ rc: 1, reused: true });
    expect(state.connections).toBe(1);
  });

  it('ends the upload if it is an error', async () => {
    const { url, state } = await answering(reply('no', '', '413 Too Large'), readsOn);
    expect(await newClient().post(url, BODY)).toMatchObject({ rc: 1, retcode: 413, text: 'no' });
    await sleep(100);
    expect(state.received).toBeLessThan(BODY.length);
  });

  it('is -3 with the bytes so far if the upload never ends', async () => {
    const { url } = await answering(reply('taken'), () => {});
    const outcome = await newClient({ timeout: 300 }).post(url, BODY);
    expect([outcome.rc, outcome.retcode, textOf(outcome)]).toEqual([-3, 200, 'taken']);
  });

  it('is -10 if the connection is reset during the upload, and 1 if it is closed', async () => {
    const resetting = await answering(reply('taken'), (socket) => later(() => socket.resetAndDestroy(), 50));
    expect(await newClient().post(resetting.url, BODY)).toMatchObject({ rc: -10, retcode: 200 });
    const closing = await answering(reply('taken', 'Connection: close\r\n'), (socket) => socket.end());
    expect(await newClient().post(closing.url, BODY)).toMatchObject({ rc: 1, retcode: 200, text: 'taken' });
  });

  it('resets the connection if more bytes follow', async () => {
    const { url, state } = await answering(`${reply('taken')}x`, readsOn);
    const client = newClient();
    expect(await client.post(url, BODY)).toMatchObject({ rc: 1, retcode: 200, text: 'taken' });
    expect(await client.post(url, '')).toMatchObject({ rc: 1, reused: false });
    expect(state.connections).toBe(2);
  });
});
