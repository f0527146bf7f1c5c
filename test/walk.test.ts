/** CONTRIBUTING.md, "A call from datagram to reply": what it says is what a call leaves on the stack. */
import { Socket as DatagramSocket } from 'node:dgram';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Run } from '../src/runtime/index.ts';
import { startServer } from './support/server.ts';
import { startService } from './support/service.ts';
import { sendSip } from './support/sip-client.ts';
import { until } from './support/until.ts';

/** A function on the stack, and the file of `src` that it is in. */
interface Frame {
  readonly file: string;
  readonly name: string;
}

/** The functions of siprest that run, the outermost first. */
function frames(): readonly Frame[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  const lines = (new Error().stack ?? '').split('\n');
  Error.stackTraceLimit = limit;
  return lines
    .flatMap((line) => {
      const [, called = '', file = ''] =
        /at (?:async )?(?:(.+?) \()?[^()]*\/src\/([^:()]+):/.exec(line) ?? [];
      const name =
        called
          .replace(/ \[as .*\]$/, '')
          .split('.')
          .at(-1) ?? '';
      return file === '' ? [] : [{ file, name }];
    })
    .toReversed();
}

const roomsOf = (stack: readonly Frame[]): readonly string[] =>
  stack.map(({ file }) => file.split('/')[0] ?? '').filter((room, index, all) => room !== all[index - 1]);

interface Part {
  readonly title: string;
  readonly rooms: string;
  readonly steps: readonly Frame[];
}

/** The parts of the page: a heading in bold, the line of rooms, and a table whose rows link to a file and name a function. */
function partsOfPage(): readonly Part[] {
  const page = readFileSync(new URL('../CONTRIBUTING.md', import.meta.url), 'utf8');
  const [, section = ''] = /\n## A call from datagram to reply\n([\s\S]*?)\n## /.exec(page) ?? [];
  return section
    .split(/\n(?=\*\*)/)
    .slice(1)
    .map((text) => ({
      title: /^\*\*(.*?)\*\*/.exec(text)?.[1] ?? '',
      rooms: /Rooms: ([\w, ]+)\./.exec(text)?.[1] ?? '',
      steps: [...text.matchAll(/^\| \d+ \| \[`(?:\w+\.)?([#\w]+)\(\)`\]\(src\/([^)]+)\)/gm)].map(
        ([, name = '', file = '']) => ({ file, name }),
      ),
    }));
}

/** Where the stack is looked at. */
const points = ['script', 'connect', 'write', 'outcome', 'reply'] as const;

/** What a call leaves on the stack at each of its turning points, if its main route asks a REST service so. */
async function record(ask: (origin: string) => string): Promise<readonly (readonly Frame[])[]> {
  const stacks = new Map<string, readonly Frame[]>();
  const note = (point: (typeof points)[number]): void => {
    if (!stacks.has(point)) stacks.set(point, frames());
  };
  const service = await startService((_, response) => response.end('42'));
  const server = await startServer(`
    loadmodule "proto_udp.so"
    loadmodule "signaling.so"
    loadmodule "sl.so"
    loadmodule "tm.so"
    loadmodule "rest_client.so"
    route { ${ask(service.origin)} }
    route[answer] { send_reply(200, "$var(credit)"); }
  `);
  const { entered } = Run.prototype;
  vi.spyOn(Run.prototype, 'entered').mockImplementation(function (this: Run, frame) {
    note('script');
    entered.call(this, frame);
  });
  const { connect, write } = Socket.prototype;
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args) {
    note('connect');
    return Reflect.apply(connect, this, args);
  });
  vi.spyOn(Socket.prototype, 'write').mockImplementation(function (this: Socket, ...args) {
    if (String(args[0]).startsWith('GET ')) note('write');
    return Reflect.apply(write, this, args);
  });
  const { send } = DatagramSocket.prototype;
  vi.spyOn(DatagramSocket.prototype, 'send').mockImplementation(function (
    this: DatagramSocket,
    ...args: unknown[]
  ) {
    if (String(args[0]).startsWith('SIP/2.0 200')) note('reply');
    return Reflect.apply(send, this, args) as undefined;
  });
  const onOutcome = (): void => note('outcome');
  subscribe('siprest:rest:outcome', onOutcome);
  try {
    await sendSip({}, { port: server.port });
    await until(() => stacks.size === points.length);
  } finally {
    unsubscribe('siprest:rest:outcome', onOutcome);
    await server.close();
    await service.close();
  }
  return points.map((point) => stacks.get(point) ?? []);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a call from datagram to reply', () => {
  it('takes the steps and rooms of the page', async () => {
    const parts = partsOfPage();
    const stacks = await record((origin) => `async(rest_get("${origin}/credit", $var(credit)), answer);`);
    expect(parts.map(({ rooms }) => rooms)).toEqual(stacks.map((stack) => roomsOf(stack).join(', ')));
    for (const [index, { steps, title }] of parts.entries()) {
      const stack = stacks[index] ?? [];
      const isSame = (one: Frame, other: Frame | undefined) =>
        one.file === other?.file && one.name === other.name;
      const taken = stack.filter(
        (frame, at) => steps.some((step) => isSame(step, frame)) && !isSame(frame, stack[at - 1]),
      );
      expect(taken, title).toEqual(steps);
    }
    expect(parts.flatMap(({ steps }) => steps).length).toBeLessThanOrEqual(15);
  });

  it.each([
    ['async()', (origin: string) => `async(rest_get("${origin}/credit", $var(credit)), answer);`],
    [
      'launch()',
      (origin: string) =>
        `launch(rest_get("${origin}/credit", $var(credit))); async(rest_get("${origin}", $var(credit)), answer);`,
    ],
    ['a blocking call', (origin: string) => `rest_get("${origin}/credit", $var(credit)); route(answer);`],
  ])('enters no room again by %s', async (_, ask) => {
    for (const rooms of (await record(ask)).map(roomsOf)) {
      expect(rooms).not.toEqual([]);
      expect(rooms).toEqual([...new Set(rooms)]);
    }
  });
});
