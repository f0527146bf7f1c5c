/**
 * The format of a keyed log: a first line, then records, each with a mark, its length and a CRC-32, so that a file cut at
 * any byte, or damaged anywhere, gives back all its complete records.
 */
import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/** The beginning of each such file. */
export const firstLine: Buffer = Buffer.from('siprest keyed log 1\n');

/** Bytes that UTF-8 never has, so that no text in a record looks like the beginning of another record. */
const mark = Buffer.from([0xff, 0xfe, 0xfd, 0xfc]);
/** Mark, length and checksum: 4 bytes each, in little-endian order. */
const headerSize = 12;
/** Before key and value: the length of the key, or its complement for a deletion. */
const prefixSize = 4;

/** Largest key and value together, in bytes. */
export const largestRecord: number = 16 * 1024 * 1024;

/** How much is read at a time. */
const chunk = 4 * 1024 * 1024;

export interface LogEntry {
  readonly key: string;
  /** Null: the key is deleted. */
  readonly value: string | null;
}

const payloadSize = (keySize: number, value: string | null) =>
  prefixSize + keySize + (value === null ? 0 : Buffer.byteLength(value));

/** The records of these entries, one after the other. */
export function encodeEntries(entries: readonly LogEntry[]): Buffer {
  const keySizes = entries.map(({ key }) => Buffer.byteLength(key));
  const sizes = entries.map(({ value }, i) => payloadSize(keySizes[i] ?? 0, value));
  const data = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + headerSize + size, 0));
  let at = 0;
  for (const [i, { key, value }] of entries.entries()) {
    const keySize = keySizes[i] ?? 0;
    const size = sizes[i] ?? 0;
    const start = at + headerSize;
    data.writeInt32LE(value === null ? ~keySize : keySize, start);
    data.write(key, start + prefixSize);
    if (value !== null) data.write(value, start + prefixSize + keySize);
    mark.copy(data, at);
    data.writeUInt32LE(size, at + 4);
    data.writeUInt32LE(crc32(data.subarray(start, start + size), size), at + 8);
    at = start + size;
  }
  return data;
}

export interface ReadRecords {
  readonly records: number;
  /** The end of the last complete record: what follows was cut off, in bytes from the start. */
  readonly end: number;
  /** Damaged bytes before that end. */
  readonly skipped: number;
}

/** Reads all complete records of an open file of `size` bytes from `start` on. */
export function readRecords(
  descriptor: number,
  start: number,
  size: number,
  found: (key: string, value: string | null) => void,
): ReadRecords {
  let [base, at] = [start, 0];
  let window: Buffer = Buffer.alloc(0);
  let [records, skipped, end] = [0, 0, start];
  /** Whether the window has so many bytes from `at` on, after reading more. */
  const has = (wanted: number): boolean => {
    if (at + wanted <= window.length) return true;
    if (base + at + wanted > size) return false;
    base += at;
    at = 0;
    window = readAt(descriptor, base, Math.min(Math.max(chunk, wanted), size - base));
    return wanted <= window.length;
  };
  while (has(headerSize)) {
    const length = window.readUInt32LE(at + 4);
    const isMarked =
      mark.compare(window, at, at + mark.length) === 0 && length >= prefixSize && length <= largestRecord;
    const payload = isMarked && has(headerSize + length) ? payloadAt(window, at, length) : null;
    if (payload === null) {
      const next = window.indexOf(mark, at + 1);
      // a mark may begin in this window and end in the next
      at = next >= 0 ? next : Math.max(at + 1, window.length - mark.length + 1);
      continue;
    }
    skipped += base + at - end;
    at += headerSize + length;
    end = base + at;
    records++;
    const keySize = payload.readInt32LE(0);
    const keyEnd = prefixSize + (keySize < 0 ? ~keySize : keySize);
    const key = payload.toString('utf8', prefixSize, keyEnd);
    found(key, keySize < 0 ? null : payload.toString('utf8', keyEnd));
  }
  return { records, end, skipped };
}

/** Null for a record with a wrong checksum. */
function payloadAt(window: Buffer, at: number, length: number): Buffer | null {
  const start = at + headerSize;
  const payload = window.subarray(start, start + length);
  return crc32(payload, length) === window.readUInt32LE(at + 8) ? payload : null;
}

function readAt(descriptor: number, position: number, length: number): Buffer {
  const data = Buffer.allocUnsafe(length);
  let count = 0;
  while (count < length) {
    const some = readSync(descriptor, data, count, length - count, position + count);
    if (some === 0) break; // it has become shorter
    count += some;
  }
  return data.subarray(0, count);
}
