import { afterEach, describe, expect, it } from 'vitest';
import { launchSiprest, type RunningSiprest, startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';

let siprest: RunningSiprest | null = null;
afterEach(async () => {
  await siprest?.stop();
  siprest = null;
});

describe('siprest run', () => {
  it('answers as the script says, prints xlog() lines, and exits 0 on SIGTERM', async () => {
    siprest = await startSiprest(`
loadmodule "signaling.so"
loadmodule "sl.so"
route {
  xlog("asked by $fU\\n");
  send_reply(480, "Gone Fishing");
}
`);
    const replies = await sendSip({ method: 'OPTIONS' }, { port: siprest.port });
    expect(replies.map(({ status, reason }) => [status, reason])).toEqual([[480, 'Gone Fishing']]);
    expect(replies[0]?.header('to')).toMatch(/;tag=/);
    expect(replies[0]?.header('via')).toMatch(/;received=127\.0\.0\.1/);
    expect(await siprest.stop()).toBe(0);
    expect(siprest.stderr).toContain('asked by alice');
  });

  it('exits 1 with one clear line if the file cannot be read', async () => {
    const program = launchSiprest(['run', '/does/not/exist.cfg']);
    expect(await program.ended).toBe(1);
    expect(program.stderr.trim().split('\n')).toHaveLength(1);
    expect(program.stderr).toContain('/does/not/exist.cfg');
  });
});
