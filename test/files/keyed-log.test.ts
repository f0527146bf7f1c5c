/** A log is read back whatever has happened to its process, its disk or its bytes. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KeyedLog } from '../../src/files/index.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const folder = temporaryFolder('log');
let files = 0;
const newFile = () => join(folder, `log-${files++}`);

interface Opened {
  readonly log: KeyedLog;
  readonly texts: Map<string, string>;
  /** Changes a text, and waits until it is written. */
  readonly put: (key: string, value: string | null) => Promise<boolean>;
}

async function open(path: string, sync = false): Promise<Opened> {
  const texts = new Map<string, string>();
  const read = (key: string, value: string | null) => {
    if (value === null) texts.delete(key);
    else texts.set(key, value);
  };
  const log = await KeyedLog.open(path, { entries: () => texts, read, sync });
  if (log === null) throw new Error('it is in use');
  const put = (key: string, value: string | null) =>
    new Promise<boolean>((resolve) => {
      read(key, value);
      log.set(key, value, resolve);
    });
  return { log, texts, put };
}

async function contentsOf(path: string): Promise<Record<string, string>> {
  const { log, texts } = await open(path);
  await log.close();
  return Object.fromEntries(texts);
}

test('texts of any characters come back, deleted ones do not', async () => {
  const path = newFile();
  const { log, put } = await open(path);
  await put('bob', 'first');
  await Promise.all([put('bob', 'sip:böb@例え\0\n'), put('', ''), put('gone', 'x'), put('gone', null)]);
  await log.close();
  expect(await contentsOf(path)).toEqual({ bob: 'sip:böb@例え\0\n', '': '' });
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a file cut at any byte gives all records before the cut, and is written on', async () => {
  const path = newFile();
  const { log, put } = await open(path);
  const ends = [log.size];
  for (let i = 0; i < 5; i++) {
    await put(`key ${i}`, 'ü'.repeat(3 * i));
    ends.push(log.size);
  }
  await log.close();
  const whole = readFileSync(path);
  expect(whole.length).toBe(ends.at(-1));
  for (let cut = 0; cut <= whole.length; cut++) {
    writeFileSync(path, whole.subarray(0, cut));
    const expected = ends.filter((end, i) => i > 0 && end <= cut).length;
    const { log: again, texts, put: putAgain } = await open(path);
    expect([...texts.keys()], `cut at ${cut}`).toEqual(
      Array.from({ length: expected }, (_, i) => `key ${i}`),
    );
    const left = cut - (ends.findLast((end) => end <= cut) ?? cut);
    expect(again.contents).toEqual({ records: expected, cut: left, skipped: 0 });
    await putAgain('new', 'one');
    await again.close();
    expect((await contentsOf(path))['new']).toBe('one');
  }
});

test('one damaged byte anywhere costs one record', async () => {
  const path = newFile();
  const { log, put } = await open(path);
  const begin = log.size;
  const keys = ['a', 'b', 'c', 'd'];
  for (const key of keys) await put(key, `the text of ${key}`);
  await log.close();
  const whole = readFileSync(path);
  const size = (whole.length - begin) / keys.length;
  for (let at = begin; at < whole.length; at++) {
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(at) ^ 0x55, at);
    writeFileSync(path, damaged);
    const { log: again, texts } = await open(path);
    await again.close();
    const lost = Math.floor((at - begin) / size);
    expect([...texts.keys()], `byte ${at}`).toEqual(keys.filter((_, i) => i !== lost));
    expect(again.contents.skipped + again.contents.cut).toBe(size);
  }
});

test('other files are left alone, and a file in use is not opened twice', async () => {
  const path = newFile();
  const { log } = await open(path);
  const options = { entries: () => [], read: () => undefined };
  symlinkSync(path, `${path}-link`);
  expect(await KeyedLog.open(path, options)).toBeNull();
  expect(await KeyedLog.open(`${path}-link`, options)).toBeNull();
  await log.close();
  await (await KeyedLog.open(path, options))?.close();
  const other = newFile();
  writeFileSync(other, 'loadmodule "usrloc.so"\n');
  await expect(KeyedLog.open(other, options)).rejects.toThrow('it is another kind of file');
  expect(readFileSync(other, 'utf8')).toBe('loadmodule "usrloc.so"\n');
  mkdirSync(`${other}-folder`);
  await expect(KeyedLog.open(`${other}-folder`, options)).rejects.toThrow('it is a directory');
  await expect(KeyedLog.open(join(folder, 'none', 'log'), options)).rejects.toThrow('no such file');
});

test('a file of outdated records is rewritten while it is in use', async () => {
  const path = newFile();
  const { log, texts, put } = await open(path, true);
  const text = 'x'.repeat(10_000);
  for (let i = 0; i < 100; i++) void put(`${i}`, text);
  let largest = 0;
  for (let round = 0; round < 30; round++) {
    await Promise.all(Array.from({ length: 50 }, (_, i) => put(`${i + 50}`, `${text}${round}`)));
    await put(`${round}`, null);
    largest = Math.max(largest, log.size);
  }
  await until(() => log.size < 8_000_000);
  expect(largest).toBeLessThan(16_000_000);
  await log.close();
  expect(await contentsOf(path)).toEqual(Object.fromEntries(texts));
});

test('a full disk is a failure that ends when there is room again, and loses nothing', async () => {
  const path = newFile();
  const limit = (bytes: number | string) =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:unlimited`]);
  const { log, texts, put } = await open(path);
  const text = 'x'.repeat(1000);
  expect(await put('before', text)).toBe(true);
  limit(3000);
  try {
    const results = await Promise.all(['a', 'b', 'c'].map((key) => put(key, text)));
    expect(results).toEqual([false, false, false]);
    expect(log.failure).toMatch(/file too large/i);
    expect(await put('during', text)).toBe(false);
    // the rewriting fails as well
    log.look();
    expect(await put('during', `${text}2`)).toBe(false);
  } finally {
    limit('unlimited');
  }
  log.look();
  await until(() => log.failure === null);
  expect(await put('after', text)).toBe(true);
  await log.close();
  expect(await contentsOf(path)).toEqual(Object.fromEntries(texts));
});
