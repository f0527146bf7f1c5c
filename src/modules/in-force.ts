/** What a module does for the whole process, once at a time: always by the routing that is in force. */
import type { Routing } from '../runtime/index.ts';

export class InForce<R extends Routing = Routing> {
  #routing: R | null = null;
  #end: () => void = () => undefined;

  /**
   * Calls `begin` as soon as the routing is in force, and what it returns when another one is, or when it is closed. To be
   * called when the module starts.
   */
  follow(routing: R, begin: () => () => void): void {
    const take = () => {
      this.#end();
      this.#routing = routing;
      this.#end = begin();
    };
    // the first of a process is in force before its modules start
    if (this.#routing === null) take();
    routing.listeners.inForce.add(take);
    routing.listeners.closed.add(() => {
      if (this.#routing !== routing) return;
      this.#end();
      this.#routing = null;
      this.#end = () => undefined;
    });
  }
}
