import { describe, expect, it } from 'vitest';
import { answerJsonRpc, commandArguments } from '../../src/observe/index.ts';
import type { CommandParameter } from '../../src/runtime/index.ts';

const rows: readonly CommandParameter[] = [
  { name: 'level', type: 'int', minimum: -3, maximum: 4, summary: '' },
  { name: 'mode', type: 'string', optional: true, oneOf: ['on', 'off'], summary: '' },
  { name: 'filter', type: 'list', optional: true, summary: '' },
];

const ask = async (request: unknown) => {
  const answer = await answerJsonRpc(
    typeof request === 'string' ? request : JSON.stringify(request),
    async (method, params) => {
      if (method === 'boom') throw new Error('it broke');
      return commandArguments(rows, params);
    },
  );
  return answer === null ? null : (JSON.parse(answer) as unknown);
};
const call = (params?: unknown) => ({ jsonrpc: '2.0', id: 7, method: 'set', params });
const result = (value: unknown) => ({ jsonrpc: '2.0', result: value, id: 7 });
const invalid = (data: string) => ({
  jsonrpc: '2.0',
  error: { code: -32_602, message: 'Invalid params', data },
  id: 7,
});

describe('JSON-RPC 2.0', () => {
  it.each([
    ['by position', [3, 'on', 'a', 'b'], { level: 3, mode: 'on', filter: ['a', 'b'] }],
    ['by position, with a list', ['3', 'on', ['a', 'b']], { level: 3, mode: 'on', filter: ['a', 'b'] }],
    ['by name', { level: '-3', filter: 'a' }, { level: -3, filter: ['a'] }],
  ])('binds parameters %s', async (_, params, values) => {
    expect(await ask(call(params))).toEqual(result(values));
  });

  it('leaves out what may be left out first if there are few values', () => {
    const mixed: readonly CommandParameter[] = [
      { name: 'proto', type: 'string', optional: true, summary: '' },
      { name: 'ip', type: 'string', summary: '' },
      { name: 'port', type: 'int', optional: true, summary: '' },
    ];
    expect(commandArguments(mixed, ['192.0.2.1'])).toEqual({ ip: '192.0.2.1' });
    expect(commandArguments(mixed, ['udp', '192.0.2.1'])).toEqual({ proto: 'udp', ip: '192.0.2.1' });
  });

  it.each([
    [
      undefined,
      'missing parameter level; it takes level (int), mode (string, optional), filter (list, optional)',
    ],
    [{ level: 5 }, 'level must be a number from -3 to 4'],
    [{ level: 'high' }, 'level must be a number from -3 to 4'],
    [{ level: 1, mode: 'maybe' }, 'mode must be one of on, off, not "maybe"'],
    [{ level: 1, filter: [{}] }, 'filter must be a list of strings'],
    [{ level: 1, mode: {} }, 'mode must be a string'],
    [
      { leve: 1 },
      'unknown parameter leve; it takes level (int), mode (string, optional), filter (list, optional)',
    ],
  ])('says what is wrong with %j', async (params, data) => {
    expect(await ask(call(params))).toEqual(invalid(data));
  });

  it('answers batches, and leaves notifications unanswered', async () => {
    const notification = { jsonrpc: '2.0', method: 'set', params: [1] };
    expect(await ask(notification)).toBeNull();
    expect(await ask([notification])).toBeNull();
    expect(await ask([notification, call([2])])).toEqual([result({ level: 2 })]);
    expect(await ask([])).toMatchObject({ error: { code: -32_600 } });
    expect(await ask(Array.from({ length: 101 }, () => call([1])))).toMatchObject({
      error: { data: 'a batch has 1 to 100 requests' },
    });
  });

  it.each([
    ['{', -32_700],
    ['7', -32_600],
    ['null', -32_600],
    ['{"jsonrpc":"1.0","method":"set","id":1}', -32_600],
    ['{"jsonrpc":"2.0","id":1}', -32_600],
    ['{"jsonrpc":"2.0","method":"set","id":{}}', -32_600],
    ['{"jsonrpc":"2.0","method":"set","id":1,"params":"x"}', -32_600],
  ])('refuses %s', async (text, code) => {
    expect(await ask(text)).toMatchObject({ jsonrpc: '2.0', error: { code } });
  });

  it('reports the failure of a command', async () => {
    expect(await ask({ ...call(), method: 'boom' })).toEqual({
      jsonrpc: '2.0',
      error: { code: 500, message: 'it broke' },
      id: 7,
    });
  });
});
