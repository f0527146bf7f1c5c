/** A secret of the configuration: the text itself, or where it is, as `${file:/run/secrets/token}` or `${env:TOKEN}`. */
import { FileError, readRegularFile } from '../../files/index.ts';
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
      text = readRegularFile(name, MAX_SECRET).toString('utf8');
    } catch (error) {
      throw this.#unreadable(
        `${name} cannot be read: ${error instanceof FileError ? error.message : 'unreadable'}`,
      );
    }
    // editors and `echo` end a file with a line break
    return text.replace(/[\r\n]+$/, '');
  }

  #unreadable(why: string): RestOptionError {
    return new RestOptionError('unreadable-file', this.#option, `invalid ${this.#option}: ${why}`);
  }
}
