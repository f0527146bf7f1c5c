import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileError, readRegularFile } from '../../src/internal.ts';
import { closeLater } from '../support/close-later.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder('files');
const at = (name: string) => join(folder, name);
const why = (path: string, limit?: number) => {
  try {
    readRegularFile(path, limit);
  } catch (error) {
    if (error instanceof FileError) return error.message;
    throw error;
  }
  return 'it was read';
};

describe('readRegularFile()', () => {
  it('reads a file to its limit, through links, and one of /proc, whose size is 0', () => {
    writeFileSync(at('ten'), '0123456789');
    symlinkSync(at('ten'), at('link'));
    expect(readRegularFile(at('link'), 10).toString()).toBe('0123456789');
    expect(why(at('ten'), 9)).toBe('larger than 9 bytes');
    expect(readRegularFile('/proc/self/status').toString()).toContain('Name:');
    expect(why('/proc/self/status', 20)).toBe('larger than 20 bytes');
  });

  it('rejects at once files that never end, or wait for a writer', async () => {
    execFileSync('mkfifo', [at('fifo')]);
    mkdirSync(at('inside'));
    symlinkSync(at('circle'), at('circle'));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
    closeLater(server);
    expect(why(at('fifo'))).toContain('it is a FIFO');
    expect(why('/dev/zero')).toBe('it is a device, not a regular file');
    expect(why(at('inside'))).toBe('it is a directory');
    expect(why(at('socket'))).toBe('it is a socket');
    expect(why(at('circle'))).toBe('too many levels of symbolic links');
    expect(why(at('none'))).toBe('no such file');
    expect(why('a\0b')).toBe('the name contains a NUL byte');
  });
});
