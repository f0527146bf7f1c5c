import { describe, expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';

const modules = ['sl', 'signaling', 'tm'];
const sent = async (body: string, request = sampleRequest) =>
  (await runScript(body, { modules, request })).sent;

describe('sl', () => {
  test('answers without a transaction, and with an empty reason if the script says so', async () => {
    const [reply] = await sent('sl_send_reply(404, "");');
    expect(reply).toMatch(/^SIP\/2\.0 404 \r\n/);
    expect(reply).toMatch(/^To: Bob <sip:bob@biloxi\.example>;tag=\S+\r$/m);
  });

  test.each([
    ['sl_send_reply(99, "x")', '-1'],
    ['sl_send_reply(700, "x")', '-1'],
    ['sl_send_reply("486", "Busy $rm")', '1'],
    ['sl_reply_error()', '1'],
    ['send_reply(99, "x")', '-1'],
  ])('%s returns %s', async (call, expected) => {
    const { prints } = await runScript(`${call}; xlog("$rc");`, { modules });
    expect(prints).toEqual([expected]);
  });

  test('does not answer an ACK', async () => {
    const request = sampleRequest.replace(/^INVITE/, 'ACK').replace('17 INVITE', '17 ACK');
    expect(await sent('sl_send_reply(200, "OK");', request)).toEqual([]);
  });

  test('sends a reply for an internal error', async () => {
    expect((await sent('sl_reply_error();'))[0]).toMatch(/^SIP\/2\.0 500 /);
  });
});

describe('signaling', () => {
  test('returns the tag of its replies, with and without a transaction', async () => {
    for (const before of ['', 't_newtran();']) {
      const { prints, sent: replies } = await runScript(
        `${before} xlog("$sig_local_totag"); send_reply(403, "Forbidden");`,
        { modules },
      );
      const tag = /^To: .*;tag=(\S+)\r$/m.exec(replies.at(-1) ?? '')?.[1];
      expect(tag).toBeTruthy();
      expect(prints).toEqual([tag]);
    }
  });

  test('answers only once in a transaction', async () => {
    const { prints, sent: replies } = await runScript(
      't_newtran(); send_reply(403, "A"); xlog("$rc"); send_reply(404, "B"); xlog("$rc");',
      { modules },
    );
    expect(prints).toEqual(['1', '-1']);
    expect(replies.filter((reply) => reply.startsWith('SIP/2.0 40'))).toHaveLength(1);
  });
});
