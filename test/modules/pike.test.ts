/** pike_check_req() on a simulated clock. */
import { expect, test } from 'vitest';
import { simulatedServer } from '../support/simulated-server.ts';

test('of a new address only requests since it was known count in the next period', async () => {
  const server = await simulatedServer(
    `
modparam("pike", "sampling_time_unit", 1)
modparam("pike", "reqs_density_per_unit", 4)
route { pike_check_req(); xlog("$rc"); }`,
    ['pike'],
  );
  const send = (times: number) => {
    for (let i = 0; i < times; i++)
      server.receive({ method: 'OPTIONS', callId: `${i}`, cseq: `${i + 1} OPTIONS` });
    return server.prints.splice(0);
  };
  await server.clock.pass(900);
  // the fourth makes it known
  expect(send(5)).toEqual(['1', '1', '1', '1', '1']);
  await server.clock.pass(200);
  expect(send(5)).toEqual(['1', '1', '1', '-2', '-1']);
  await server.close();
});
