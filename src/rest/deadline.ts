/**
 * Deadlines by the thousand: one queue and one timer for each duration, so that starting and cancelling one
 * costs a few pointer writes. A deadline is a node of its queue itself (nothing is allocated), none fires
 * early, and the queues' timers do not keep the process alive: the sockets waited for do.
 */
export abstract class Deadline {
  /** When it is due, on the clock of `performance.now()`. */
  due = 0;
  queue: DeadlineQueue | null = null;
  previous: Deadline | null = null;
  next: Deadline | null = null;

  /** Called once when the time is over, unless it was cancelled before. Must not throw. */
  abstract onDeadline(): void;
}

class DeadlineQueue {
  readonly duration: number;
  head: Deadline | null = null;
  tail: Deadline | null = null;
  #armed = false;

  constructor(duration: number) {
    this.duration = duration;
  }

  append(node: Deadline): void {
    const { tail } = this;
    node.queue = this;
    node.previous = tail;
    if (tail === null) this.head = node;
    else tail.next = node;
    this.tail = node;
    if (!this.#armed) this.#arm(this.duration);
  }

  remove(node: Deadline): void {
    const { previous, next } = node;
    if (previous === null) this.head = next;
    else previous.next = next;
    if (next === null) this.tail = previous;
    else next.previous = previous;
    node.queue = null;
    node.previous = null;
    node.next = null;
  }

  #arm(delay: number): void {
    this.#armed = true;
    setTimeout(DeadlineQueue.#fire, Math.min(Math.ceil(delay), LONGEST_DELAY), this).unref();
  }

  static #fire(this: void, queue: DeadlineQueue): void {
    queue.#armed = false;
    const now = performance.now();
    for (let node = queue.head; node !== null && node.due <= now; node = queue.head) {
      queue.remove(node);
      node.onDeadline();
    }
    // Timers round to milliseconds and may come a fraction early: what is not due yet waits for the rest.
    if (queue.head !== null) {
      if (!queue.#armed) queue.#arm(queue.head.due - now);
    } else if (!queue.#armed) {
      queues.delete(queue.duration);
    }
  }
}

const LONGEST_DELAY = 2_147_483_647;
const queues = new Map<number, DeadlineQueue>();

/**
 * Starts a deadline.
 * @param milliseconds from `now`, fractions count
 * @param now `performance.now()`; for one duration it must not go backwards
 */
export function startDeadline(node: Deadline, milliseconds: number, now: number): void {
  let queue = queues.get(milliseconds);
  if (queue === undefined) {
    queue = new DeadlineQueue(milliseconds);
    queues.set(milliseconds, queue);
  }
  node.due = now + milliseconds;
  queue.append(node);
}

/** Cancels a deadline; does nothing when it is over or was never started. */
export function cancelDeadline(node: Deadline): void {
  node.queue?.remove(node);
}
