/** What opensips-cli sends, by the source of its package opensips.mi (fifo, datagram, http). */
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

let lastId = 0;

/** As Python's json.dumps writes it. */
export function cliRequest(method: string, params: unknown = {}): string {
  const text = JSON.stringify({ jsonrpc: '2.0', id: String(++lastId), method, params }, null, 1);
  return text
    .replace(/\n\s*/g, ' ')
    .replace(/([{[]) /g, '$1')
    .replace(/ ([}\]])/g, '$1');
}

/** Over a FIFO: writes `:REPLY:JSON` and closes, then reads one line of its own FIFO. */
export async function overFifo(
  fifo: string,
  replyDirectory: string,
  method: string,
  params?: unknown,
): Promise<unknown> {
  const name = `opensips_fifo_reply_${process.pid}_${++lastId}`;
  const path = join(replyDirectory, name);
  execFileSync('mkfifo', ['-m', '666', path]);
  try {
    await writeFile(fifo, `:${name}:${cliRequest(method, params)}`, { flag: 'w' });
    return JSON.parse((await readFile(path, 'utf8')).split('\n')[0] ?? '') as unknown;
  } finally {
    await unlink(path);
  }
}

/** Over UDP: one datagram each way. */
export async function overDatagram(port: number, method: string, params?: unknown): Promise<unknown> {
  const socket = createSocket('udp4');
  try {
    const answered = once(socket, 'message');
    socket.send(cliRequest(method, params), port, '127.0.0.1');
    const [data] = (await answered) as [Buffer];
    return JSON.parse(data.toString('utf8')) as unknown;
  } finally {
    socket.close();
  }
}
