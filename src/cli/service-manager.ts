/**
 * Tells systemd that the server is ready, stops, and still turns (sd_notify(3)). Node.js cannot write to its datagram
 * socket, so one shell runs systemd-notify for each line that it reads: the event loop feeds it, so a stalled one
 * misses the watchdog. With `NotifyAccess=all` systemd takes what children say.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Streams } from './streams.ts';

const loop = 'while IFS= read -r line; do systemd-notify "$line"; done';

export class ServiceManager {
  readonly #child: ChildProcess | null;
  readonly #watchdog: NodeJS.Timeout | null;

  /** Does nothing unless systemd has started this program with `Type=notify`. */
  constructor(env: Streams['env']) {
    const { NOTIFY_SOCKET: socket = '', WATCHDOG_USEC: period, WATCHDOG_PID: pid = process.pid } = env;
    this.#child = socket === '' ? null : spawnShell(env);
    const milliseconds = Number(period ?? 0) / 1000;
    const isWatched = this.#child !== null && milliseconds > 0 && Number(pid) === process.pid;
    this.#watchdog = isWatched
      ? setInterval(() => this.#say('WATCHDOG=1'), Math.max(milliseconds / 3, 10)).unref()
      : null;
  }

  ready(status: string): void {
    this.#say('READY=1');
    this.#say(`STATUS=${status}`);
  }

  /** No more watchdog: a stopping server has its own time limits. */
  stopping(): void {
    this.#say('STOPPING=1');
  }

  close(): void {
    if (this.#watchdog !== null) clearInterval(this.#watchdog);
    this.#child?.stdin?.end();
  }

  #say(line: string): void {
    const stdin = this.#child?.stdin;
    // a shell that no longer reads gets no more
    if (stdin?.writable === true && stdin.writableLength < 4096) stdin.write(`${line}\n`);
  }
}

function spawnShell(env: Streams['env']): ChildProcess {
  const child = spawn('/bin/sh', ['-c', loop], { stdio: ['pipe', 'ignore', 'ignore'], env });
  child.on('error', () => undefined);
  child.stdin.on('error', () => undefined);
  child.unref();
  return child;
}
