import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { TraceEvent } from '../internal.ts';
import { ladderLine } from './ladder.ts';
import { pcapHeader, pcapPacket } from './pcap.ts';
import { ask, CommandFailure, type ServerChoice } from './status.ts';
import { type Streams, UsageError } from './streams.ts';

export interface TraceOptions extends ServerChoice {
  /** One JSON object for each event. */
  readonly json?: boolean;
  /** A file for Wireshark. */
  readonly pcap?: string;
}

/** How often to ask the server, in ms. */
const period = 200;
const filters: ReadonlySet<string> = new Set(['callid', 'user', 'ip']);

/** `siprest trace [FILTER...]`: shows calls of a running server until it is stopped. */
export async function trace(
  conditions: readonly string[],
  options: TraceOptions,
  { stdout, stderr, env, signal }: Streams,
): Promise<number> {
  const params = { viewer: randomUUID(), ...filterOf(conditions) };
  const file = options.pcap === undefined ? null : openFile(options.pcap);
  const show = options.json === true ? (event: TraceEvent) => `${JSON.stringify(event)}\n` : ladder();
  try {
    while (!signal.aborted) {
      const { events, lost } = await ask<{ events: TraceEvent[]; lost: number[] }>(
        options,
        'siprest:trace',
        env,
        params,
      );
      for (const event of events.toSorted((a, b) => a.at - b.at)) {
        stdout.write(show(event));
        if (file !== null) writePacket(file, event);
      }
      const missing = lost.reduce((sum, count) => sum + count, 0);
      if (missing > 0) stderr.write(`siprest: ${missing} events are missing: there were too many\n`);
      await pause(period, undefined, { signal }).catch(() => undefined);
    }
    return 0;
  } catch (error) {
    if (error instanceof CommandFailure) throw new UsageError(error.message);
    throw error;
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** `alice` is a user, `callid=...`, `user=...` and `ip=...` are conditions that must all hold. */
function filterOf(conditions: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    conditions.map((text) => {
      const [, name = 'user', value = ''] = /^(?:(\w+)=)?(.+)$/s.exec(text) ?? [];
      if (!filters.has(name)) throw new UsageError(`unknown filter ${name}; use callid, user or ip`);
      return [name, value];
    }),
  );
}

function openFile(path: string): number {
  try {
    const file = openSync(path, 'w', 0o600);
    writeSync(file, pcapHeader());
    return file;
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function writePacket(file: number, { at, kind, message, local, peer }: TraceEvent): void {
  if (message === undefined || local === undefined || peer === undefined) return;
  const [from, to] = kind === 'SIP in' ? [peer, local] : [local, peer];
  writeSync(file, pcapPacket(at, from, to, message));
}

/** A heading each time that the lines go on with another call. */
function ladder(): (event: TraceEvent) => string {
  const began = new Map<string, number>();
  let current = '';
  return ({ at, callId, kind, text }) => {
    const first = began.get(callId) ?? at;
    if (began.size > 10_000) began.clear();
    began.set(callId, first);
    const heading = callId === current ? '' : `\nCall-ID ${printable(callId)}\n`;
    current = callId;
    return `${heading}${ladderLine({ at: at - first, label: kind, text: printable(text) }, same, same)}\n`;
  };
}

const same = (text: string) => text;

/** Text from the network must not control the terminal. */
const printable = (text: string) =>
  text.replace(/[\x00-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
