import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { type NameServer, startNameServer } from '../support/name-server.ts';
import { type RunningSiprest, startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { SipPeer } from '../support/sip-peer.ts';

const environment = ({ address }: NameServer) => ({
  NAME_SERVER: address,
  NODE_OPTIONS: `--import=${fileURLToPath(new URL('../support/name-server-preload.mjs', import.meta.url))}`,
});

let siprest: RunningSiprest | null = null;
let names: NameServer | null = null;
afterEach(async () => {
  await siprest?.stop();
  await names?.close();
});

it('{ip.resolve} of a name whose server is silent delays only its own message', async () => {
  names = await startNameServer({ a: { 'gw.test': ['192.0.2.1'] }, silent: ['silent.test'] });
  siprest = await startSiprest(
    `
udp_workers=2
dns_retr_time=1
dns_retr_no=1
dns_use_search_list=no
loadmodule "signaling.so"
loadmodule "sl.so"
route {
  $var(name) = $rU + ".test";
  send_reply(480, "$(var(name){ip.resolve})");
}
`,
    { env: environment(names) },
  );
  const { port } = siprest;
  const order: string[] = [];
  const ask = async (user: string): Promise<string | undefined> => {
    const replies = await sendSip({ method: 'OPTIONS', uri: `sip:${user}@127.0.0.1:${port}` }, { port });
    order.push(user);
    return replies.at(-1)?.reason;
  };
  const silent = ask('silent');
  expect(await ask('gw')).toBe('192.0.2.1');
  expect(await ask('gw')).toBe('192.0.2.1');
  expect(await silent).toBe('<null>');
  expect(order).toEqual(['gw', 'gw', 'silent']);
  expect(names.questions.filter((one) => one === 'A gw.test')).toHaveLength(1);
});

it.each([
  ['no', 200],
  ['yes', 500],
])(
  'a request goes to the second target of a name that fails, disable_dns_failover=%s: %i',
  async (setting, status) => {
    const [busy, free] = [await SipPeer.open(), await SipPeer.open()];
    names = await startNameServer({
      a: { 'one.test': ['127.0.0.1'] },
      srv: {
        '_sip._udp.gw.test': [
          [1, 1, busy.port, 'one.test'],
          [2, 1, free.port, 'one.test'],
        ],
      },
    });
    siprest = await startSiprest(
      `
disable_dns_failover=${setting}
dns_use_search_list=no
loadmodule "tm.so"
route { $ru = "sip:x@gw.test"; t_relay(); }
`,
      { env: environment(names) },
    );
    const replies = sendSip({ method: 'OPTIONS' }, { port: siprest.port });
    busy.reply(await busy.next('OPTIONS'), 503);
    if (setting === 'no') free.reply(await free.next('OPTIONS'), 200);
    expect((await replies).at(-1)?.status).toBe(status);
  },
);
