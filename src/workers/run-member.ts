import { MemberProcess } from './member-process.ts';
import type { FromProcess, ToProcess } from './process-messages.ts';

/** Makes this process, which a supervisor has started, one of its server's: that says which script to run, and when to stop. */
export function runMember(): void {
  const send = (message: FromProcess, sent?: () => void): void => {
    if (process.connected) process.send?.(message, () => sent?.());
  };
  const member = new MemberProcess(send, (code) => process.exit(code));
  process.on('message', (message: ToProcess) => member.receive(message));
  // without the supervisor nobody would start it again, stop it, or keep its locks
  process.on('disconnect', () => process.exit(1));
  process.on('SIGTERM', () => member.stop());
  // these the supervisor has got as well
  process.on('SIGINT', () => undefined);
  process.on('SIGHUP', () => undefined);
  // of themselves they open Node's debugger, and end the process
  process.on('SIGUSR1', () => undefined);
  process.on('SIGUSR2', () => undefined);
  send({ kind: 'booted' });
}
