/** Gives all processes of a server the same script, whichever start, end or are replaced meanwhile. */
import type { Log } from '../runtime/index.ts';
import type { LoadedSource } from './loaded.ts';
import type { Member } from './member.ts';
import { StartError } from './start-error.ts';

export class Rollout {
  readonly #members: readonly Member[];
  readonly #log: () => Log;
  #source: LoadedSource;

  /** @param source the script that the processes start with */
  constructor(members: readonly Member[], source: LoadedSource, log: () => Log) {
    this.#members = members;
    this.#source = source;
    this.#log = log;
  }

  /** The script of processes that start. */
  get source(): LoadedSource {
    return this.#source;
  }

  /** Replaces the script. Rejects with a {@link StartError} if one process cannot start it; none changes then. */
  async to(source: LoadedSource): Promise<void> {
    const ready = this.#members.filter(({ isReady }) => isReady);
    const prepared = await Promise.all(
      ready.map((member) => member.ask((id) => ({ kind: 'prepare', id, source }), 'reloaded')),
    );
    const error = prepared.find((one) => one !== null && one.error !== null)?.error ?? null;
    if (error !== null) {
      for (const member of ready) member.send({ kind: 'abandon' });
      throw new StartError(error);
    }
    this.#source = source;
    // the first runs startup_route, and no other continues before that has finished
    for (const member of this.#members) {
      if (member.source === source) continue;
      const i = ready.indexOf(member);
      // one that has ended meanwhile restarts with the new script; one that has just started gets it later
      if (i >= 0 && prepared[i] !== null) await this.#proceed(member, source);
      else if (member.isReady) await this.catchUp(member);
    }
  }

  /** Gives the script to a process that has started with the previous one. */
  async catchUp(member: Member): Promise<void> {
    if (member.source === this.#source || member.isCatchingUp) return;
    member.isCatchingUp = true;
    const { worker } = member;
    const source = this.#source;
    const prepared = await member.ask((id) => ({ kind: 'prepare', id, source }), 'reloaded');
    if (prepared?.error === null) await this.#proceed(member, source);
    else if (prepared !== null && member.worker === worker) this.#restart(member, prepared.error);
    member.isCatchingUp = false;
  }

  async #proceed(member: Member, source: LoadedSource): Promise<void> {
    const { worker } = member;
    const done = await member.ask((id) => ({ kind: 'proceed', id }), 'reloaded');
    if (done?.error === null) {
      member.source = source;
      member.sockets = done.sockets;
    } else if (done !== null && member.worker === worker) this.#restart(member, done.error);
  }

  /** Restarts a process that cannot load the others' script otherwise. */
  #restart(member: Member, error: string | null): void {
    this.#log().warning(`restarting process ${member.number}, which cannot load the new script: ${error}`);
    member.worker?.process.kill('SIGTERM');
  }
}
