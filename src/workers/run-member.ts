import cluster from 'node:cluster';
import { MemberProcess } from './member-process.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';

/** Joins this process to the server of the supervisor that started it, which tells it what to run and when to stop. */
export function runMember(): void {
  const send = (message: FromProcess, sent?: () => void): void => {
    if (process.connected) process.send?.(message, () => sent?.());
  };
  const member = new MemberProcess(send, (code) => process.exit(code));
  process.on('message', (message: ToProcess) => member.receive(message));
  // only the supervisor can restart it, stop it, and keep its locks
  process.on('disconnect', () => process.exit(1));
  // the same, noticed by node:cluster when it asks for a socket
  cluster.worker?.on('error', () => process.exit(1));
  process.on('SIGTERM', () => member.stop());
  // the supervisor receives these too
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  // by default they open Node's debugger, or end the process
  process.on('SIGUSR1', () => undefined);
  process.on('SIGUSR2', () => undefined);
  send({ kind: 'booted' });
}
