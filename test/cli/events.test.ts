/** Subscribers of events, with the program in one process and in several. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { askServer } from '../../src/workers/control-client.ts';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { sendSip } from '../support/sip-client.ts';

async function subscriber() {
  const socket = createSocket('udp4');
  const received: string[] = [];
  socket.on('message', (data) => received.push(data.toString('utf8')));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  closeLater(socket);
  return { received, socket: `udp:127.0.0.1:${socket.address().port}` };
}

const notification = (who: string) => JSON.stringify({ jsonrpc: '2.0', method: 'E_SEEN', params: { who } });

describe.each([1, 3])('events, with %i process(es)', (processes) => {
  it('reach subscribers of the start and by command, whichever process raises them', async () => {
    const first = await subscriber();
    const second = await subscriber();
    const { start, folder } = place();
    const program = await start(
      `loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "event_datagram.so"
startup_route { subscribe_event("E_SEEN", "${first.socket}"); }
route {
  $avp(n) = "who"; $avp(v) = $fU;
  raise_event("E_SEEN", $avp(n), $avp(v));
  send_reply(200, "OK");
}`,
      '--processes',
      String(processes),
    );
    const mi = (command: string, ...args: readonly string[]) =>
      askServer(program.pid, command, folder, undefined, args).catch((error: Error) => error.message);
    expect(await mi('evi:subscribers')).toEqual({
      Events: [{ name: 'E_SEEN', subscribers: [{ socket: first.socket, expire: 'never' }] }],
    });
    expect(await mi('evi:subscribe', 'E_SEEN', second.socket, '60')).toBe('OK');
    await expect
      .poll(() => mi('evi:subscribers', 'E_SEEN', second.socket))
      .toEqual({ Event: { name: 'E_SEEN', Subscriber: { socket: second.socket, ttl: expect.any(Number) } } });
    expect(await mi('evi:subscribe', 'E_SEEN', 'tcp:127.0.0.1:9')).toContain('invalid socket');
    expect(await mi('evi:subscribers', 'E_NONE')).toContain('the event "E_NONE" has no subscribers');

    const call = (user: string) =>
      sendSip({ from: `<sip:${user}@example.com>;tag=${user}` }, program).then(() => undefined);
    // a subscription reaches the other processes a moment later
    await expect
      .poll(async () => {
        await Promise.all(Array.from({ length: 8 }, () => call('early')));
        return second.received.length >= 8;
      })
      .toBe(true);
    const late = Array.from({ length: 12 }, (_, i) => `late${10 + i}`);
    for (const user of late) await call(user);
    await mi('evi:raise', 'E_SEEN', 'who=ä€');
    const wanted = [...late, 'ä€'].map(notification);
    const lateOnes = (received: readonly string[]) =>
      received.filter((text) => text !== notification('early')).toSorted();
    await expect.poll(() => lateOnes(first.received)).toEqual(wanted);
    await expect.poll(() => lateOnes(second.received)).toEqual(wanted);
  });
});

it('a script waits for events that other processes raise', async () => {
  const { start } = place();
  const program = await start(
    `loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "event_routing.so"
route {
  if ($rU == "raise") {
    $avp(n) = "who"; $avp(v) = $fU;
    raise_event("E_SEEN", $avp(n), $avp(v));
    send_reply(200, "OK");
    exit;
  }
  $avp(f) = "who=" + $fU;
  async(wait_for_event("E_SEEN", $avp(f), 60), seen);
}
route[seen] { t_reply(200, "$rc $avp(who)"); }`,
    '--processes',
    '3',
  );
  const users = Array.from({ length: 12 }, (_, i) => `user${i}`);
  const send = (uri: string, user: string) =>
    sendSip({ uri, from: `<sip:${user}@example.com>;tag=${user}` }, program);
  const answered = new Map<string, string | undefined>();
  for (const user of users)
    void send('sip:wait@example.com', user).then((replies) => answered.set(user, replies.at(-1)?.reason));
  // a wait reaches the other processes a moment later
  while (answered.size < users.length) for (const user of users) await send('sip:raise@example.com', user);
  for (const user of users) expect(answered.get(user)).toBe(`1 ${user}`);
});
