/** The three steps of examples/moving do the same. */
import { describe, expect, test } from 'vitest';
import stepTwo from '../../examples/moving/step-2.ts';
import stepThree from '../../examples/moving/step-3.ts';
import { simulate } from '../../src/testing/index.ts';

const bob = 'sip:bob@home.example';

describe.each([
  ['a script', 'examples/moving/step-1.cfg'],
  ['a handler that runs a route', stepTwo],
  ['handlers alone', stepThree],
])('%s', (_, policy) => {
  test('a call goes to the PBX, and stays up', async () => {
    await using kit = await simulate(policy);
    kit.services.on('credit.example', { body: '42' });
    const pbx = kit.callee('pbx.example');
    const call = kit.caller('alice').invite(bob);
    await call.answered();
    expect((await call.hangUp()).status).toBe(200);
    expect(pbx.methods).toEqual(['INVITE', 'ACK', 'BYE']);
    expect(pbx.requests[0]?.requestUri).toBe('sip:bob@pbx.example');
  });

  test('a busy callee: voicemail', async () => {
    await using kit = await simulate(policy);
    kit.services.on('credit.example', { body: '42' });
    kit.callee('pbx.example').busy();
    const voicemail = kit.callee('voicemail.example');
    await kit.caller('alice').invite(bob).answered();
    expect(voicemail.requests[0]?.requestUri).toBe('sip:bob@voicemail.example');
  });

  test('no credit, and no service', async () => {
    await using kit = await simulate(policy);
    const service = kit.services.on('credit.example', { status: 402 });
    expect((await kit.caller('alice').invite(bob).final()).status).toBe(403);
    service.behaviour = 'hangs';
    const refused = await kit.caller('alice').invite(bob).final();
    expect([refused.status, refused.reason]).toEqual([503, 'Credit Service Unavailable']);
  });

  test('OPTIONS, and requests without a handler', async () => {
    await using kit = await simulate(policy);
    expect((await kit.caller().send('OPTIONS', bob).final()).status).toBe(200);
    expect((await kit.caller().send('PUBLISH', bob).final()).status).toBe(405);
  });
});
