/** Thrown by a variable or transformation at compile time for invalid use; becomes a diagnostic. */
export class InvalidUse extends Error {
  /** A suggestion, if any. */
  readonly help: string | undefined;
  /** Refuses a use; `help` is a suggestion. */
  constructor(message: string, help?: string) {
    super(message);
    this.name = 'InvalidUse';
    this.help = help;
  }
}
