import { describe, expect, it } from 'vitest';
import { ReplyBudget } from '../../src/sip/reply-budget.ts';
import { relayBench } from '../support/relay-bench.ts';

describe('retransmissions to a source that has shown no sign of life', () => {
  it('are limited in bytes per address and second, until an ACK arrives', () => {
    const budget = new ReplyBudget();
    const taken = (address: string, now: number) => {
      let bytes = 0;
      while (budget.takes(address, 500, now)) bytes += 500;
      return bytes;
    };
    expect(taken('192.0.2.1', 0)).toBe(65_500);
    expect(taken('192.0.2.1', 500)).toBe(0);
    expect(taken('192.0.2.2', 500)).toBe(65_500);
    expect(taken('192.0.2.1', 1000)).toBe(65_500);
    budget.isAlive('192.0.2.1');
    expect(taken('192.0.2.1', 1000)).toBe(65_500);
  });

  it('are limited for all addresses that do not fit into the table', () => {
    const budget = new ReplyBudget();
    for (let i = 0; i < 10_000; i++) budget.takes(`a${i}`, 1, 0);
    let bytes = 0;
    for (let i = 0; i < 1000; i++) if (budget.takes(`b${i}`, 500, 0)) bytes += 500;
    expect(bytes).toBe(65_500);
  });

  it('are counted and logged', async () => {
    const { caller, port, server } = await relayBench(`
      modparam("tm", "T1_timer", 50)
      route { t_newtran(); t_reply(404, "Not Found"); }`);
    for (let i = 0; i < 600; i++) caller.request(port, 'sip:bob@biloxi.example');
    await server.logs('replies to 127.0.0.1 are not retransmitted');
    expect(server.server.figures.figures['replies_withheld']).toBeGreaterThan(0);
  });
});
