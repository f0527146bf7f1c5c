/** A simulation cannot go on, or not as the test expects it. The message is for people. */
export class SimulationError extends Error {
  /** @internal */
  constructor(message: string) {
    super(message);
    this.name = 'SimulationError';
  }
}
