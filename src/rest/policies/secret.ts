/** A secret of the configuration: the text itself, or where it is, as `${file:/run/secrets/token}` or `${env:TOKEN}`. */
import { readFileSync } from 'node:fs';
import { RestOptionError } from '../errors.ts';

const REFERENCE = /^\$\{(file|env):([^}\0]+)\}$/;
/** More is not a secret, but a file by accident, in bytes. */
const MAX_SECRET = 65_536;

export class Secret {
  readonly #written: string;
  readonly #option: string;
  #text: string;

  /** @throws RestOptionError if it cannot be read; the message names where it is looked for, never what it is */
  constructor(written: string, option: string) {
    this.#written = written;
    this.#option = option;
    this.#text = this.#read();
  }

  get text(): string {
    return this.#text;
  }

  /** Reads it again; one that cannot be read stays as it was. True if it has changed. */
  refresh(): boolean {
    const before = this.#text;
    try {
      this.#text = this.#read();
    } catch {
      return false;
    }
    return this.#text !== before;
  }

  #read(): string {
    const [, source, name = ''] = REFERENCE.exec(this.#written) ?? [];
    if (source === undefined) {
      if (this.#written.startsWith('${')) throw this.#unreadable("expected '${file:/path}' or '${env:NAME}'");
      return this.#written;
    }
    if (source === 'env') {
      const value = process.env[name];
      if (value === undefined || value === '') throw this.#unreadable(`the environment has no ${name}`);
      return value;
    }
    let text: string;
    try {
      text = readFileSync(name, 'utf8');
    } catch (error) {
      const { code = 'unreadable' } = error as NodeJS.ErrnoException;
      throw this.#unreadable(`${name} cannot be read: ${code}`);
    }
    if (text.length > MAX_SECRET) throw this.#unreadable(`${name} is longer than ${MAX_SECRET} bytes`);
    // editors and `echo` end a file with a line break
    return text.replace(/[\r\n]+$/, '');
  }

  #unreadable(why: string): RestOptionError {
    return new RestOptionError('unreadable-file', this.#option, `invalid ${this.#option}: ${why}`);
  }
}
