import { expect, it } from 'vitest';
import { CommandStream } from '../../src/observe/administration/command-stream.ts';

const first = ':reply_1:{"jsonrpc": "2.0", "params": {"a": "}\\"{"}}';
const second = '::[{"x":[1]}]\n';

it('finds commands, however their bytes arrive', () => {
  for (const size of [1, 2, 7, 1000]) {
    const stream = new CommandStream(() => expect.unreachable());
    const bytes = Buffer.from(first + second + first);
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...stream.push(bytes.subarray(at, at + size)));
    expect(found).toEqual([
      { replyTo: 'reply_1', text: first.slice(9) },
      { replyTo: '', text: '[{"x":[1]}]' },
      { replyTo: 'reply_1', text: first.slice(9) },
    ]);
    expect(stream.isOpen).toBe(false);
  }
});

it.each([
  ['text', 'ps\n'],
  ['no JSON', ':reply:ps\n'],
  ['an endless name', `:${'x'.repeat(300)}`],
  ['an endless command', `:reply:{"a":"${'x'.repeat(70_000)}`],
])('discards %s, and goes on', (_, text) => {
  let invalid = 0;
  const stream = new CommandStream(() => invalid++);
  expect(stream.push(Buffer.from(text))).toEqual([]);
  expect(invalid).toBe(1);
  expect(stream.push(Buffer.from(`garbage\n${first}`))).toHaveLength(1);
  expect(invalid).toBe(2);
});
