import type { FileHandle } from 'node:fs/promises';

/** Writes the whole of `data` from a position on. */
export async function writeAll(file: FileHandle, data: Buffer, position: number): Promise<void> {
  let at = 0;
  while (at < data.length) {
    const { bytesWritten } = await file.write(data, at, data.length - at, position + at);
    at += bytesWritten;
  }
}
