import { describe, expect, it } from 'vitest';
import { headerText, NO_HEADERS } from '../../src/sip/header-text.ts';
import { isKept } from '../support/garbage.ts';
import type { Plan } from './proxy-network.ts';
import { AFTERWARDS, RING, RING_ANSWER, refuse, type Scene, SILENT, scene } from './proxy-scene.ts';

/** What a call that is over must not keep: the response context, and by it all messages and what a script made of them. */
function forget(proxy: Scene['proxy']): WeakRef<object> {
  const reference = new WeakRef<object>(proxy.proxy ?? {});
  proxy.proxy = null;
  return reference;
}

async function play(plans: readonly Plan[], after: number, options = {}): Promise<Scene> {
  const made = scene(plans, options);
  made.caller.send();
  await made.network.run(after);
  return made;
}

describe('memory that a call keeps for retransmissions', () => {
  it.each([
    ['answered', [RING_ANSWER]],
    ['refused', [refuse(486)]],
    ['answered by one of two', [RING_ANSWER, RING]],
    ['refused by the second target after the first', [refuse(503), refuse(486)]],
  ])('%s: not the messages, nor what its user has made of them', async (_, plans) => {
    const { network, proxy } = await play(plans, 3000);
    expect([proxy.table.size, proxy.core.clients.size > 0]).toEqual([1, true]);
    expect(await isKept(forget(proxy))).toBe(false);
    await network.run(AFTERWARDS);
    expect(proxy.isIdle).toBe(true);
  });

  it('before an answer: everything, while the first target may still answer', async () => {
    const { proxy } = await play([SILENT], 3000);
    expect(await isKept(forget(proxy))).toBe(true);
  });

  it('a retransmitted 2xx is forwarded again, with the same edits', async () => {
    const hooks = { onReply: () => ({ appended: [headerText('X-Seen: yes\r\n') ?? NO_HEADERS] }) };
    const { network, caller, proxy } = scene([[[10, 200]]], { hooks });
    let lost = 2;
    network.weather = {
      isLost: ({ data, from }) => from.endsWith(':5066') && data.toString().startsWith('ACK') && lost-- > 0,
    };
    caller.send();
    await network.run(400);
    expect(await isKept(forget(proxy))).toBe(false);
    await network.run(5000);
    const answers = caller.responses.filter(({ status }) => status === 200);
    expect(answers.map((response) => response.header('X-Seen'))).toEqual(['yes', 'yes', 'yes']);
  });
});
