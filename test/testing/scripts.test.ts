/** Scripts on the simulated network: the examples, as a user tests them. */
import { describe, expect, it } from 'vitest';
import { simulate } from '../../src/testing/index.ts';

const credit = 'examples/credit/opensips.cfg';
const routing = 'examples/routing/opensips.cfg';

describe('the credit example', () => {
  it('answers by what the service says', async () => {
    await using test = await simulate(credit);
    const service = test.services.on('127.0.0.1:8081', { body: '17' });
    const caller = test.caller('alice');
    const reply = await caller.send('OPTIONS', 'sip:bob@home.example').final();
    expect([reply.status, reply.header('x-credit')]).toEqual([200, '17']);
    expect(service.requests.map(({ target }) => target)).toEqual(['/credit?account=alice']);
    service.behaviour = { status: 402 };
    expect((await caller.send('OPTIONS', 'sip:bob@home.example').final()).status).toBe(403);
    service.behaviour = 'hangs';
    const before = test.clock.now;
    expect((await caller.send('OPTIONS', 'sip:bob@home.example').final()).status).toBe(500);
    expect(Math.round(test.clock.now - before)).toBeGreaterThanOrEqual(2000);
    expect(test.printed).toEqual([
      'async rest_get() rcode=402, acc=alice',
      'async rest_get() failed with -3, acc=alice',
    ]);
  });
});

describe('the routing example', () => {
  it('continues after a failure as the service says', async () => {
    await using test = await simulate(routing);
    const [first, second] = [test.callee('first').busy(), test.callee('second')];
    test.services.on('127.0.0.1:8081', ({ query }) => ({
      body: query.has('failed') ? second.contact : first.contact,
    }));
    const call = test.caller('alice').invite('sip:bob@home.example');
    await call.answered();
    await test.clock.advance(32_000);
    expect((await call.hangUp()).status).toBe(200);
    test.expectFlow(
      'alice -> siprest: INVITE sip:bob@home.example',
      'siprest -> 127.0.0.1:8081: GET /route?to=bob',
      '127.0.0.1:8081 -> siprest: 200 OK',
      'siprest -> first: INVITE sip:first@127.0.1.10:5060',
      'first -> siprest: 486',
      'siprest -> first: ACK',
      'siprest -> 127.0.0.1:8081: GET /route?to=bob&failed=486&tries=1',
      '127.0.0.1:8081 -> siprest: 200 OK',
      'siprest -> second: INVITE',
      'second -> siprest: 180 Ringing',
      'second -> siprest: 200 OK',
      'siprest -> alice: 180 Ringing',
      'siprest -> alice: 200 OK',
      'alice -> siprest: ACK',
      'siprest -> second: ACK',
      'alice -> siprest: BYE',
      'siprest -> second: BYE',
      'second -> siprest: 200 OK',
      'siprest -> alice: 200 OK',
    );
  });
});

describe('a simulation', () => {
  it('reports what it waited for, and what was sent', async () => {
    const test = await simulate(routing);
    const phone = test.callee('desk').silent();
    test.services.on('127.0.0.1:8081', { body: phone.contact });
    test.caller('alice').invite('sip:bob@home.example');
    await expect(phone.request('BYE')).rejects.toThrow(
      /waited in vain for BYE at desk: [\s\S]*alice +siprest[\s\S]*GET \/route\?to=bob/,
    );
  });

  it('names a request without a receiver, and one that no service expects', async () => {
    const test = await simulate({
      script:
        'socket = udp:10.0.0.1:5060\nloadmodule "tm.so"\nroute { $du = "sip:10.0.0.9:5062"; t_relay(); }',
    });
    const call = test.caller('alice').invite('sip:bob@home.example');
    await expect(call.final()).rejects.toThrow(
      "unexpected request: INVITE sip:bob@home.example to udp:10.0.0.9:5062: use callee('10.0.0.9:5062')",
    );
    const asking = await simulate(credit);
    asking.services.on('127.0.0.1:8081', { 'GET /other': { status: 204 } });
    await expect(asking.caller('alice').send('OPTIONS', 'sip:bob@home.example').final()).rejects.toThrow(
      'unexpected request: GET /credit?account=alice to 127.0.0.1:8081; expected: GET /other',
    );
  });
});
