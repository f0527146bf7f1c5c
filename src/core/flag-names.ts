/**
 * The order in which flags are printed. OpenSIPS numbers flag names while it reads the script, those in variables
 * (`$msg.flag(NAME)`) before those passed to functions, and prints the highest number first (edge-flags-text,
 * flow-flags).
 */

/** Limits the names numbered, since a script can compute names at run time. */
const maxNames = 1024;

/** Above every number of a name in a variable. */
const ofFunctions = 1_000_000;

export class FlagNames {
  readonly #numbers = new Map<string, number>();

  inVariable(name: string): void {
    this.#number(name, 0);
  }

  inFunction(name: string): void {
    this.#number(name, ofFunctions);
  }

  #number(name: string, from: number): void {
    if (this.#numbers.size < maxNames && !this.#numbers.has(name)) {
      this.#numbers.set(name, from + this.#numbers.size);
    }
  }

  print(flags: ReadonlySet<string>): string {
    if (flags.size < 2) return [...flags].join('');
    const number = (name: string) => this.#numbers.get(name) ?? -1;
    return [...flags].sort((a, b) => number(b) - number(a)).join(' ');
  }
}

export const messageFlagNames = new FlagNames();
export const branchFlagNames = new FlagNames();
