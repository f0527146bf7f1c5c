import dgram from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { launchSiprest } from '../support/program.ts';

const port = 5060;

/** Takes the tour's port, unless somebody has it already. */
async function takePort(): Promise<() => Promise<void>> {
  const socket = dgram.createSocket('udp4');
  const taken = await new Promise<boolean>((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(port, '127.0.0.1', () => resolve(true));
  });
  return () => new Promise((resolve) => (taken ? socket.close(() => resolve()) : resolve()));
}

/** What the tour shows of a call: label and text of each line. */
function callOf(output: string, account: string): string[] {
  const [, block = ''] = output.split(new RegExp(`^${account}@.*\\n`, 'm'));
  const lines = block.split('\n\n')[0] ?? '';
  return [...lines.matchAll(/^ +\d+\.\d ms {2}(SIP in|HTTP out|HTTP in|log|SIP out) +(.*)$/gm)].map(
    ([, label = '', text = '']) => `${label}: ${text}`,
  );
}

describe('siprest tour', () => {
  it('shows the five calls and exits 0 if stdout is not a terminal', async () => {
    const program = launchSiprest(['tour']);
    expect(await program.ended).toBe(0);
    const { stdout, stderr } = program;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/listening on udp:127\.0\.0\.1:\d+/);
    const calls = Object.fromEntries(
      ['alice', 'bob', 'carol', 'dave', 'erin'].map((account) => [account, callOf(stdout, account)]),
    );
    expect(calls['alice']).toEqual([
      expect.stringMatching(/^SIP in: OPTIONS sip:bob@127\.0\.0\.1:\d+ from alice@home\.example$/),
      'HTTP out: GET /credit?account=alice',
      'HTTP in: 200 "42"',
      'SIP out: 200 OK, credit 42',
    ]);
    expect(calls['bob']).toContain('HTTP in: 402 "no credit"');
    expect(calls['bob']?.at(-1)).toBe('SIP out: 403 Forbidden');
    expect(calls['carol']).toContain('log: async rest_get() failed with -1, acc=carol');
    expect(calls['carol']?.at(-1)).toBe('SIP out: 500 Server Internal Error');
    expect(calls['dave']).toContain('HTTP out: GET /credit?account=dave');
    expect(calls['dave']).toContain('log: async rest_get() failed with -3, acc=dave');
    expect(calls['dave']?.at(-1)).toBe('SIP out: 500 Server Internal Error');
    expect(calls['erin']?.at(-1)).toBe('SIP out: 200 OK, credit 7');
    // the service hangs for dave, and erin is served meanwhile
    expect(stdout.indexOf('erin@')).toBeLessThan(stdout.indexOf('dave@'));
    expect(stdout).toContain('All five calls were answered as expected.');
  });

  it('uses another port if 5060 is in use, and says so', async () => {
    const release = await takePort();
    try {
      const program = launchSiprest(['tour']);
      expect(await program.ended).toBe(0);
      const [, other] = /listening on udp:127\.0\.0\.1:(\d+) \(5060 is taken\)/.exec(program.stdout) ?? [];
      expect(Number(other)).toBeGreaterThan(0);
      expect(Number(other)).not.toBe(port);
      expect(callOf(program.stdout, 'alice')[0]).toContain(`sip:bob@127.0.0.1:${other}`);
    } finally {
      await release();
    }
  });

  it('exits 1 early if told to stop', async () => {
    const program = launchSiprest(['tour']);
    await program.prints('alice@');
    expect(await program.stop('SIGINT')).toBe(1);
    expect(program.stdout).not.toContain('All five');
  });
});
