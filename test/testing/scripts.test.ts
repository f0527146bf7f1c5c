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
  it('goes on to where the service says after a failure', async () => {
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
