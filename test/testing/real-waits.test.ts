/** A handler that waits for something real fails its test, and the error says where the wait began. */
import { pbkdf2 } from 'node:crypto';
import dns from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Call, defineServer } from '../../src/routing/index.ts';
import { simulate } from '../../src/testing/index.ts';

const bob = 'sip:bob@home.example';

/** The final status of a MESSAGE to a handler. */
async function statusOf(onMessage: (call: Call) => Promise<void>): Promise<number> {
  await using kit = await simulate(defineServer({ sockets: ['udp:192.0.2.1:5060'], onMessage }));
  kit.services.on('credit.example', { status: 402, after: 5_000 });
  return (await kit.caller('alice').send('MESSAGE', bob).final()).status;
}

const place = /test\/testing\/real-waits\.test\.ts:\d+/;

describe('a handler that waits for', () => {
  test.each<[string, (call: Call) => Promise<unknown>, string]>([
    [
      'setTimeout',
      () => new Promise((resolve) => setTimeout(resolve, 3_600_000).unref()),
      'a real timer set at',
    ],
    [
      'setTimeout that is due at once',
      () => new Promise((resolve) => setTimeout(resolve, 0)),
      'a real timer set at',
    ],
    ['node:timers/promises', () => pause(3_600_000, null, { ref: false }), 'a real timer set at'],
    ['fetch', () => fetch('http://127.0.0.1:9/').catch(() => null), 'a real fetch() called at'],
    [
      'a socket',
      () => new Promise((resolve) => connect(9, '127.0.0.1').on('error', resolve)),
      'a real connection opened at',
    ],
    ['a thread of zlib', () => promisify(gzip)('text'), 'compression in a thread begun at'],
    ['a name', () => dns.lookup('name.invalid').catch(() => null), 'a real name lookup begun at'],
    [
      'a timer beside a request',
      (call) =>
        Promise.all([
          call.rest.get('http://credit.example/'),
          new Promise((resolve) => setTimeout(resolve, 3_600_000).unref()),
        ]),
      'a real timer set at',
    ],
  ])('%s fails, and the error says where', async (_, wait, what) => {
    const outcome = statusOf(async (call) => {
      await call.sleep(100);
      await wait(call);
      call.reply(200);
    });
    const error = await outcome.then(
      () => new Error('has passed'),
      (reason: unknown) => reason as Error,
    );
    expect(error.message).toContain(`the handler of MESSAGE waits for ${what} `);
    expect(error.message).toMatch(place);
  });
});

test('files and threads are waited for, while time stands still', async () => {
  const status = await statusOf(async (call) => {
    const before = call.now;
    const text = await readFile('package.json');
    const key = await promisify(pbkdf2)(text, 'salt', 10_000, 32, 'sha256');
    await call.sleep(1000);
    await readFile('package.json');
    call.reply(call.now - before < 1010 && key.length === 32 ? 200 : 500);
  });
  expect(status).toBe(200);
});

test('a timeout does not matter while the handler waits for a service', async () => {
  const status = await statusOf(async (call) => {
    const guard = setTimeout(() => call.reply(408), 60_000);
    const answer = await call.rest.get('http://credit.example/');
    clearTimeout(guard);
    call.reply(answer.kind === 'response' ? answer.status : 500);
  });
  expect(status).toBe(402);
});

test('handlers may wait for each other, and for the test', async () => {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const policy = defineServer({
    sockets: ['udp:192.0.2.1:5060'],
    async onMessage(call) {
      await gate;
      call.reply(202);
    },
  });
  await using kit = await simulate(policy);
  const message = kit.caller('alice').send('MESSAGE', bob);
  await kit.clock.advance(1000);
  open();
  expect((await message.final()).status).toBe(202);
});

test('fetch is the real one again afterwards', async () => {
  const before = fetch;
  await statusOf(async (call) => call.reply(200));
  expect(fetch).toBe(before);
});
