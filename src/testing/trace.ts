/** What was sent between the server, the phones and the services, as lines and as a ladder. */
import { AssertionError } from 'node:assert';

/** A message between two participants. */
export interface TraceEntry {
  /** When it was sent, in ms since the start of the simulation. */
  readonly at: number;
  /** Who sent it: `siprest`, the name of a phone, or the host of a service. */
  readonly from: string;
  /** Who gets it. */
  readonly to: string;
  /** `INVITE sip:bob@example.org`, `200 OK (INVITE)`, `GET /credit?account=alice`, `200 OK`. */
  readonly summary: string;
  /** The whole message, as a byte string. */
  readonly text: string;
  /** Whether the same message was sent before. */
  readonly isRepeated: boolean;
  /** Whether it is lost by the network, or nobody is at its destination. */
  readonly isLost: boolean;
}

/** A line of a flow: what it begins with, or a pattern that it matches. */
export type FlowPattern = string | RegExp;

/** Limit on the kept messages, in number: a test that sends more has gone wrong. */
const mostEntries = 100_000;

/** All that was sent, in order. */
export class Trace {
  readonly #entries: TraceEntry[] = [];
  readonly #seen = new Set<string>();

  /** The messages, in order. */
  get entries(): readonly TraceEntry[] {
    return this.#entries;
  }

  /** @internal */
  add(entry: Omit<TraceEntry, 'isRepeated'>): void {
    if (this.#entries.length >= mostEntries) return;
    const { from, to, text } = entry;
    const key = `${from}\n${to}\n${text}`;
    const isRepeated = this.#seen.has(key);
    this.#seen.add(key);
    this.#entries.push({ ...entry, isRepeated });
  }

  /**
   * One line for each message, such as `alice -> siprest: INVITE sip:bob@example.org`. Retransmissions and 100 Trying
   * are left out.
   */
  get flow(): readonly string[] {
    return this.#entries.filter(isEssential).map(lineOf);
  }

  /**
   * Compares {@link flow} with what is expected, in order and completely.
   * @throws AssertionError with a ladder of all messages
   */
  expect(patterns: readonly FlowPattern[]): void {
    const essential = this.#entries.filter(isEssential);
    const lines = essential.map(lineOf);
    const wrong = patterns.findIndex((pattern, i) => !fits(lines[i], pattern));
    const first = wrong < 0 && lines.length > patterns.length ? patterns.length : wrong;
    if (first < 0) return;
    const expected = patterns[first];
    throw new AssertionError({
      message: `message ${first + 1} differs from what is expected\n  sent:     ${lines[first] ?? '(nothing)'}\n  expected: ${expected === undefined ? '(nothing)' : String(expected)}\n\n${this.ladder(essential[first])}\n`,
      actual: lines,
      expected: patterns.map((pattern, i) => (fits(lines[i], pattern) ? lines[i] : String(pattern))),
      operator: 'deepStrictEqual',
    });
  }

  /** A ladder of all messages; `marked` gets an arrow. */
  ladder(marked?: TraceEntry): string {
    const names = [...new Set(this.#entries.flatMap(({ from, to }) => [from, to]))];
    // callers and the server come first in any case: in order of appearance
    const width = Math.max(26, ...names.map((name) => name.length + 4));
    const head = `${' '.repeat(9)}${names.map((name) => centered(name, width)).join('')}`;
    const lines = this.#entries.map((entry) => rung(entry, names, width, entry === marked));
    return [head.trimEnd(), ...lines].join('\n');
  }
}

const isEssential = ({ isRepeated, summary }: TraceEntry): boolean =>
  !isRepeated && !summary.startsWith('100 ');

const lineOf = ({ from, to, summary }: TraceEntry): string => `${from} -> ${to}: ${summary}`;

function fits(line: string | undefined, pattern: FlowPattern): boolean {
  if (line === undefined) return false;
  return typeof pattern === 'string' ? line.startsWith(pattern) : pattern.test(line);
}

function centered(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return `${' '.repeat(Math.max(left, 0))}${text}`.padEnd(width);
}

function rung(entry: TraceEntry, names: readonly string[], width: number, isMarked: boolean): string {
  const { at, from, to, summary, isRepeated, isLost } = entry;
  const [source, sink] = [names.indexOf(from), names.indexOf(to)];
  const [left, right] = [Math.min(source, sink), Math.max(source, sink)];
  const span = Math.max((right - left) * width - 1, 1);
  const label = `${summary}${isRepeated ? ' (again)' : ''}${isLost ? ' (lost)' : ''}`.slice(0, span - 4);
  const dashes = '-'.repeat(Math.max(span - 2 - label.length, 0));
  const half = Math.floor(dashes.length / 2);
  const body = `${dashes.slice(0, half)}${label}${dashes.slice(half)}`;
  const arrow = source <= sink ? `${body}->` : `<-${body}`;
  const middle = Math.floor(width / 2);
  let line = `${isMarked ? '>' : ' '}${String(Math.round(at)).padStart(7)} ${' '.repeat(middle)}`;
  for (let i = 0; i < left; i++) line += `|${' '.repeat(width - 1)}`;
  line += `|${arrow.slice(0, span)}|`;
  for (let i = right + 1; i < names.length; i++) line += `${' '.repeat(width - 1)}|`;
  return line;
}
