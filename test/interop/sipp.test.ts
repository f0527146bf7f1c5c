import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type RunningSiprest, startSiprest } from '../support/program.ts';
import { optionsScenario, runSipp } from '../support/sipp.ts';

let siprest: RunningSiprest | null = null;
const servers: { close(): void }[] = [];
afterEach(async () => {
  await siprest?.stop();
  siprest = null;
  for (const server of servers.splice(0)) server.close();
});

describe('SIPp', () => {
  it('gets answers to 200 OPTIONS, and the server stops cleanly', async () => {
    siprest = await startSiprest(
      'loadmodule "signaling.so"\nloadmodule "sl.so"\nroute { send_reply(200, "OK"); }\n',
    );
    const outcome = await runSipp({
      port: siprest.port,
      scenario: optionsScenario(200),
      calls: 200,
      rate: 100,
    });
    expect(outcome).toMatchObject({ status: 0, succeeded: 200, failed: 0 });
    expect(await siprest.stop()).toBe(0);
  });

  it('is answered as a REST service says', async () => {
    const service = createServer((request, response) => {
      response.setHeader('Content-Type', 'text/plain');
      response.end(request.url === '/credit/alice' ? '402' : '200');
    });
    servers.push(service);
    await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve));
    const { port } = service.address() as AddressInfo;
    siprest = await startSiprest(`
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rest_client.so"
route {
  async(rest_get("http://127.0.0.1:${port}/credit/$fU", $var(body), $var(type), $var(status)), answer);
}
route[answer] {
  send_reply($var(body), "From the service");
}
`);
    const outcome = await runSipp({
      port: siprest.port,
      scenario: optionsScenario(402),
      calls: 100,
      rate: 50,
    });
    expect(outcome).toMatchObject({ status: 0, succeeded: 100, failed: 0 });
  });
});
