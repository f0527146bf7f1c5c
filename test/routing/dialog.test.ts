/** `call.dialog`: the call as a whole, in policies. */
import { describe, expect, test } from 'vitest';
import {
  type Call,
  type DialogEnding,
  defineServer,
  type PolicyDefinition,
} from '../../src/routing/index.ts';
import { simulate } from '../../src/testing/index.ts';

const bobAt = 'sip:192.0.2.100';
const to = 'sip:bob@home.example';

interface Prepaid {
  account: string;
  requests: number;
}

async function kitOf(definition: PolicyDefinition<Prepaid>) {
  const kit = await simulate(
    defineServer<Prepaid>({
      sockets: ['udp:192.0.2.1:5060'],
      state: () => ({ account: '', requests: 0 }),
      ...definition,
    }),
  );
  return { kit, alice: kit.caller('alice'), bob: kit.callee('192.0.2.100') };
}

const relay = (call: Call<Prepaid>) => call.relay({ targets: [bobAt] });

describe('call.dialog', () => {
  test('limit(): the call ends then, by BYE to both sides, and onEnd() says so', async () => {
    const endings: DialogEnding[] = [];
    const { kit, alice, bob } = await kitOf({
      async onInvite(call) {
        call.dialog?.limit(90_500);
        call.dialog?.onEnd((ending) => endings.push(ending));
        await relay(call);
      },
    });
    await using _ = kit;
    bob.answers(180, { status: 200, after: 20_000 });
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(90_000);
    expect(endings).toEqual([]);
    await kit.clock.advance(1_000);
    expect([call.hasEnded, bob.methods.at(-1)]).toEqual([true, 'BYE']);
    expect(endings).toMatchObject([{ cause: 'timeout', by: undefined, status: undefined }]);
    expect(endings[0]?.duration).toBeGreaterThanOrEqual(90_500);
    expect(kit.figure('dialogs')).toEqual({ unconfirmed: 0, early: 0, answered: 0 });
  });

  test('state is that of the whole call', async () => {
    const seen: string[] = [];
    const { kit, alice, bob } = await kitOf({
      async onInvite(call) {
        call.state.account = 'acme';
        const { dialog } = call;
        dialog?.onEnd(({ cause, by }) =>
          seen.push(`${cause} ${by} ${dialog.state.requests} ${dialog.status}`),
        );
        await relay(call);
      },
      async onInDialog(call) {
        call.state.requests++;
        seen.push(`${call.method} ${call.state.account} ${call.dialog?.status}`);
        await call.relay();
      },
    });
    await using _ = kit;
    const call = alice.invite(to);
    await call.answered();
    await call.send('INFO').final();
    await bob.hangUp();
    expect(seen).toEqual(['ACK acme answered', 'INFO acme answered', 'bye callee 2 ended', 'BYE acme ended']);
  });

  test('end() by BYE, and while it rings by CANCEL and 487', async () => {
    const { kit, alice, bob } = await kitOf({
      async onInvite(call) {
        const { dialog } = call;
        void call.relay({ targets: [bobAt] });
        await call.sleep(5_000);
        dialog?.end({ headers: { 'X-Why': 'credit' } });
      },
    });
    await using _ = kit;
    bob.rings();
    const ringing = alice.invite(to);
    expect((await ringing.final()).status).toBe(487);
    bob.answers(200);
    const call = alice.invite(to);
    await call.answered();
    await kit.clock.advance(6_000);
    expect([call.hasEnded, bob.requests.at(-1)?.header('x-why')]).toEqual([true, 'credit']);
  });

  test('profiles count calls; a refused call leaves them', async () => {
    const { kit, alice, bob } = await kitOf({
      async onInvite(call) {
        const { dialog } = call;
        const user = call.from.user ?? '';
        if ((dialog?.count('caller', user) ?? 0) >= 1) return call.reply(486, 'Too Many Calls');
        dialog?.join('caller', user);
        await relay(call);
      },
    });
    await using _ = kit;
    const first = alice.invite(to);
    await first.answered();
    expect((await alice.invite(to).final()).reason).toBe('Too Many Calls');
    expect((await kit.caller('carol').invite(to).final()).status).toBe(200);
    await first.hangUp();
    bob.busy();
    expect((await alice.invite(to).final()).status).toBe(486);
    bob.answers(200);
    expect((await alice.invite(to).final()).status).toBe(200);
  });

  test('a call that fails ends with its status, and an error of the function is logged', async () => {
    const endings: DialogEnding[] = [];
    const { kit, alice, bob } = await kitOf({
      async onInvite(call) {
        call.dialog?.onEnd(() => {
          throw new Error('no billing today');
        });
        call.dialog?.onEnd((ending) => endings.push(ending));
        await relay(call);
      },
    });
    await using _ = kit;
    bob.answers(404);
    await alice.invite(to).final();
    expect(endings).toMatchObject([{ cause: 'failed', status: 404, duration: 0 }]);
    expect(kit.log.filter(({ text }) => text.includes('no billing today'))).toHaveLength(1);
  });

  test('is undefined outside of calls, and in those that are not followed', async () => {
    const seen: unknown[] = [];
    const { kit, alice, bob } = await kitOf({
      onMessage(call) {
        seen.push(call.dialog);
        call.reply(200);
      },
      onInvite: (call) => call.relay({ targets: [bobAt], recordRoute: true }),
      onInDialog(call) {
        seen.push(call.dialog);
        return call.relay();
      },
    });
    await using _ = kit;
    await alice.send('MESSAGE', to).final();
    await alice.invite(to).answered();
    await bob.hangUp();
    expect(seen).toEqual([undefined, undefined, undefined]);
  });

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('limit(%s) is refused', async (milliseconds) => {
    const errors: unknown[] = [];
    const { kit, alice } = await kitOf({
      onInvite(call) {
        try {
          call.dialog?.limit(milliseconds);
        } catch (error) {
          errors.push(error);
        }
        call.reply(403);
      },
    });
    await using _ = kit;
    await alice.invite(to).final();
    expect(errors).toMatchObject([{ name: 'RangeError' }]);
  });
});
