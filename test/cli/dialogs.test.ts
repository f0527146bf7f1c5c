/** Calls of a running server: commands, reloads, several processes, and one of them that is killed. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askServer } from '../../src/workers/control-client.ts';
import { place } from '../support/place.ts';
import { type PeerMessage, SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const script = (callee: SipPeer) => `
${['signaling', 'sl', 'tm', 'rr', 'sipmsgops', 'dialog'].map((name) => `loadmodule "${name}.so"\n`).join('')}
modparam("dialog", "profiles_with_value", "caller")
route {
  if (has_totag()) { loose_route(); t_relay(); exit; }
  record_route();
  create_dialog("bye-on-timeout");
  set_dlg_profile("caller", $fU);
  $dlg_val(account) = "acme";
  $ru = "${callee.uri('callee')}";
  t_relay();
}
`;

interface Listed {
  readonly callid: string;
  readonly state: number;
}

async function serverWith(processes: number, more = '', peers?: readonly [SipPeer, SipPeer]) {
  const [caller, callee] = peers ?? [await SipPeer.open(), await SipPeer.open()];
  const { start, folder } = place();
  const program = await start(more + script(callee), '--processes', String(processes));
  const mi = <T>(command: string, params: readonly unknown[] | Readonly<Record<string, unknown>> = []) =>
    askServer(program.pid, command, folder, undefined, params) as Promise<T>;
  const list = async () => (await mi<{ Dialogs: readonly Listed[] }>('dialog:list')).Dialogs;
  /** An answered call; returns its 200. */
  const call = async (callId: string): Promise<PeerMessage> => {
    caller.request(program.port, 'sip:bob@biloxi.example', { callId });
    callee.reply(await callee.next('INVITE'), 200);
    const answer = await caller.next(200);
    within(callId, answer, 'ACK', 1);
    await callee.next('ACK');
    return answer;
  };
  const within = (callId: string, answer: PeerMessage, method: string, cseq: number) =>
    caller.request(program.port, callee.uri('callee'), {
      method,
      callId,
      cseq,
      to: answer.header('to') ?? '',
      headers: [`Route: ${answer.header('record-route')}`],
    });
  return { caller, callee, program, mi, list, call, within };
}

describe.each([1, 3])('calls, with %i process(es)', (processes) => {
  it('are listed, counted, changed and ended by commands, whichever process has them', async () => {
    const { caller, callee, mi, list, call } = await serverWith(processes);
    const ids = ['one', 'two', 'three', 'four'];
    for (const id of ids) await call(id);
    await until(async () => (await list()).filter(({ state }) => state === 4).length === ids.length);
    expect((await list()).map(({ callid }) => callid).toSorted()).toEqual(ids.toSorted());
    expect(await mi('profile_get_size', { profile: 'caller', value: 'alice' })).toMatchObject({
      Profile: { count: 4 },
    });
    expect(await mi('dialog:push_var', ['account', 'other', ids])).toBe('OK');
    await until(async () => {
      const { Dialog } = await mi<{ Dialog: { context: { values: unknown } } }>('dlg_list_ctx', ['three']);
      return JSON.stringify(Dialog.context.values) === '[{"account":"other"}]';
    });
    expect(await mi('dialog:end_dlg', ['three'])).toBe('OK');
    const [atCaller, atCallee] = [await caller.next('BYE'), await callee.next('BYE')];
    expect([atCaller.header('call-id'), atCallee.header('call-id')]).toEqual(['three', 'three']);
    caller.reply(atCaller, 200);
    callee.reply(atCallee, 200);
    await until(async () => (await list()).length === 3);
    await mi('dialog:profile_end_dlgs', ['caller', 'alice']);
    for (let i = 0; i < 3; i++) {
      caller.reply(await caller.next('BYE'), 200);
      callee.reply(await callee.next('BYE'), 200);
    }
    await until(async () => (await list()).length === 0);
    await expect(mi('dialog:end_dlg', ['three'])).rejects.toThrow('no dialog with the identifier or Call-ID');
    await expect(mi('profile_get_size', ['nobody'])).rejects.toThrow('no profile "nobody"');
  });

  it('go on after a reload', async () => {
    const { callee, program, list, call, within } = await serverWith(processes);
    const answer = await call('reloaded');
    appendFileSync(program.file, '\nroute[more] { exit; }\n');
    process.kill(program.pid, 'SIGHUP');
    await program.prints('was reloaded');
    expect((await list()).map(({ callid }) => callid)).toEqual(['reloaded']);
    within('reloaded', answer, 'BYE', 2);
    callee.reply(await callee.next('BYE'), 200);
    await until(async () => (await list()).length === 0);
  });
});

it('calls go on when the process that has them is killed', async () => {
  const { caller, callee, mi, list, call, within, program } = await serverWith(2);
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  const answers = new Map<string, PeerMessage>();
  for (const id of ids) answers.set(id, await call(id));
  await until(async () => (await list()).filter(({ state }) => state === 4).length === ids.length);
  const { Processes } = await mi<{ Processes: { PID: number; Type: string }[] }>('ps');
  for (const { PID, Type } of Processes) {
    if (!Type.startsWith('SIP process')) continue;
    process.kill(PID, 'SIGKILL');
    await until(async () => {
      const { Processes: now } = await mi<{ Processes: { PID: number; Type: string }[] }>('ps');
      return now.filter((one) => one.Type.startsWith('SIP process')).every((one) => one.PID !== PID);
    });
    await until(async () => (await mi<{ Processes: unknown[] }>('ps')).Processes.length === 3);
  }
  // one that has just been started may not answer commands yet
  await until(async () => (await list().catch(() => [])).length === ids.length);
  expect((await list()).map(({ callid }) => callid).toSorted()).toEqual(ids);
  expect(await mi('profile_get_size', ['caller', 'alice'])).toMatchObject({ Profile: { count: 6 } });
  for (const id of ids) {
    const answer = answers.get(id);
    if (answer === undefined) throw new Error('there is no such call');
    within(id, answer, 'BYE', 2);
    callee.reply(await callee.next('BYE'), 200);
    await caller.next(200);
  }
  await until(async () => (await list()).length === 0);
  expect(program.stderr).not.toContain('failed on this message');
});

it.each([1, 2])('calls in a file survive a restart of %i process(es)', async (processes) => {
  const file = join(temporaryFolder('dialogs'), 'calls');
  const kept = `modparam("dialog", "file", "${file}")\n`;
  const first = await serverWith(processes, kept);
  for (const id of ['a', 'b', 'c']) await first.call(id);
  await until(async () => (await first.list()).filter(({ state }) => state === 4).length === 3);
  await first.mi('dialog:end_dlg', ['b']);
  await until(async () => (await first.list()).length === 2);
  expect(await first.program.stop()).toBe(0);
  const second = await serverWith(processes, kept, [first.caller, first.callee]);
  await until(async () => (await second.list()).length === 2);
  expect((await second.list()).map(({ callid, state }) => `${callid} ${state}`).toSorted()).toEqual([
    'a 4',
    'c 4',
  ]);
  expect(await second.mi('profile_get_size', ['caller', 'alice'])).toMatchObject({ Profile: { count: 2 } });
  await second.mi('dialog:end_dlg', ['a']);
  await until(() =>
    first.caller.received.some((one) => one.method === 'BYE' && one.header('call-id') === 'a'),
  );
  await until(() =>
    first.callee.received.some((one) => one.method === 'BYE' && one.header('call-id') === 'a'),
  );
});
