import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseHosts, parseResolvConf, WatchedFile } from '../../src/net/system-files.ts';
import { SimulatedClock } from '../../src/timers/index.ts';

describe('/etc/hosts', () => {
  it('names addresses of both families, in whatever case, with comments', () => {
    const hosts = parseHosts(
      '127.0.0.1 LocalHost lo\n::1\tlocalhost # too\n\n# 192.0.2.1 no\nnonsense x\n192.0.2.2\n',
    );
    expect([...hosts]).toEqual([
      [
        'localhost',
        [
          { address: '127.0.0.1', family: 4 },
          { address: '::1', family: 6 },
        ],
      ],
      ['lo', [{ address: '127.0.0.1', family: 4 }]],
    ]);
  });
});

describe('/etc/resolv.conf', () => {
  it('names the servers, how to query them, and the search domains', () => {
    expect(
      parseResolvConf(
        'nameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver [2001:db8::1]:5353\nnameserver nonsense\nsearch a.example b.example. # c\noptions rotate ndots:3 timeout:1 attempts:9\n',
      ),
    ).toEqual({
      servers: [
        { address: '192.0.2.1', port: 53 },
        { address: 'fe80::1%eth0', port: 53 },
        { address: '2001:db8::1', port: 5353 },
      ],
      search: ['a.example', 'b.example'],
      ndots: 3,
      timeout: 1000,
      tries: 5,
    });
    expect(parseResolvConf('search a.example\ndomain b.example\n')).toMatchObject({
      search: ['b.example'],
      ndots: 1,
    });
    expect(parseResolvConf('')).toEqual({
      servers: [{ address: '127.0.0.1', port: 53 }],
      search: [],
      ndots: 1,
      timeout: undefined,
      tries: undefined,
    });
  });
});

describe('a watched file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'siprest-names-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is read again when it has changed, appears, or disappears', () => {
    const clock = new SimulatedClock();
    const path = join(folder, 'file');
    const file = new WatchedFile(path, (text) => text.length, clock);
    const later = (): number => {
      clock.advance(2_000);
      return file.value;
    };
    expect([file.value, file.version]).toEqual([0, 1]);
    writeFileSync(path, 'four');
    expect([file.value, later(), later(), file.version]).toEqual([0, 4, 4, 2]);
    writeFileSync(path, 'five!');
    expect([later(), file.version]).toEqual([5, 3]);
    // what cannot be read for another reason stays as it was
    rmSync(path);
    mkdirSync(path);
    expect([later(), file.version]).toEqual([5, 3]);
    rmSync(path, { recursive: true });
    expect([later(), file.version]).toEqual([0, 4]);
  });
});
