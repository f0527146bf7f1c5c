/**
 * The files of a script. Every token and node carries offsets into one space that all files share; lines and columns
 * are computed only for messages.
 */

/** The text of a script, or of a file that it includes. */
export interface SourceFile {
  /** As shown in messages. */
  readonly name: string;
  /** A byte string. */
  readonly text: string;
  /** Offset of the file's first byte in the space of the whole set. */
  readonly base: number;
  /** Offset of the `include_file` that named it; null for the first. */
  readonly includedAt: number | null;
}

/** A place in a file. */
export interface Location {
  /** The name of the file. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. */
  readonly column: number;
  /** The whole line without its end, as bytes. */
  readonly lineText: string;
}

/** The texts that a script is made of, by offsets into all of them. */
export class SourceSet {
  readonly #files: SourceFile[] = [];
  readonly #lineStarts = new Map<SourceFile, readonly number[]>();

  /** In the order in which they were included. */
  get files(): readonly SourceFile[] {
    return this.#files;
  }

  /** @internal */
  add(name: string, text: string, includedAt: number | null = null): SourceFile {
    const last = this.#files.at(-1);
    // one more than the text, to distinguish the end of one file from the start of the next
    const base = last === undefined ? 0 : last.base + last.text.length + 1;
    const file: SourceFile = { name, text, base, includedAt };
    this.#files.push(file);
    return file;
  }

  /** The file that has this offset. */
  fileAt(offset: number): SourceFile {
    let low = 0;
    let high = this.#files.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#files[middle] as SourceFile).base <= offset) low = middle;
      else high = middle - 1;
    }
    const file = this.#files[low];
    if (file === undefined) throw new RangeError('an empty source set has no locations');
    return file;
  }

  /** Line and column of an offset. */
  locate(offset: number): Location {
    const file = this.fileAt(offset);
    const at = Math.max(0, Math.min(offset - file.base, file.text.length));
    const starts = this.#startsOf(file);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= at) low = middle;
      else high = middle - 1;
    }
    const start = starts[low] as number;
    const next = starts[low + 1];
    let end = next === undefined ? file.text.length : next - 1;
    if (file.text.charCodeAt(end - 1) === 13 && end > start) end -= 1;
    return { file: file.name, line: low + 1, column: at - start + 1, lineText: file.text.slice(start, end) };
  }

  /** Offset of the start of the next line after `offset`, or of the file's end. */
  nextLine(offset: number): number {
    const { base, text } = this.fileAt(offset);
    const end = text.indexOf('\n', offset - base);
    return base + (end === -1 ? text.length : end + 1);
  }

  /** Where the file at `offset` was included from, innermost first. */
  includeTrail(offset: number): readonly Location[] {
    const trail: Location[] = [];
    for (let at = this.fileAt(offset).includedAt; at !== null; at = this.fileAt(at).includedAt) {
      trail.push(this.locate(at));
    }
    return trail;
  }

  /** The bytes between two offsets of one file. */
  slice(start: number, end: number): string {
    const file = this.fileAt(start);
    return file.text.slice(start - file.base, end - file.base);
  }

  #startsOf(file: SourceFile): readonly number[] {
    let starts = this.#lineStarts.get(file);
    if (starts === undefined) {
      const found = [0];
      for (let at = file.text.indexOf('\n'); at !== -1; at = file.text.indexOf('\n', at + 1))
        found.push(at + 1);
      starts = found;
      this.#lineStarts.set(file, starts);
    }
    return starts;
  }
}
