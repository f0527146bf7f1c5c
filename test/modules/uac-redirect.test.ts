/** Redirects are followed by rules. Source: modules/uac_redirect of the manual. */
import { describe, expect, test } from 'vitest';
import { loadScript } from '../../src/workers/load-script.ts';
import { relayBench } from '../support/relay-bench.ts';

/** Peers name themselves in each reply. */
const notItself = 'modparam("uac_redirect", "deny_filter", "^sip:callee@")';

/** A call to CALLEE0, which redirects to the others with these values of q. */
async function redirected(failureRoute: string, contacts: readonly string[], rest = notItself) {
  const bench = await relayBench(
    `loadmodule "uac_redirect.so"\n${rest}
     route { if (is_method("ACK")) exit; t_on_failure("f"); $du = "sip:CALLEE0"; t_relay(); }
     failure_route[f] { ${failureRoute} }`,
    3,
  );
  const { caller, callees, port } = bench;
  const [first] = callees;
  caller.request(port, 'sip:bob@example.com');
  const invite = await first?.next('INVITE');
  if (first === undefined || invite === undefined) throw new Error('no INVITE');
  first.reply(
    invite,
    302,
    contacts.map((one) =>
      one.replace(/CALLEE(\d)/, (_, i: string) => `127.0.0.1:${callees[Number(i)]?.port}`),
    ),
  );
  return bench;
}

const contacts = ['Contact: <sip:r1@CALLEE1>;q=0.5', 'Contact: <sip:r2@CALLEE2>;q=0.9'];

describe('get_redirects()', () => {
  test('rings all contacts', async () => {
    const { callees, prints } = await redirected('get_redirects(); xlog("print $rc"); t_relay();', contacts);
    expect((await callees[1]?.next('INVITE'))?.uri).toBe(`sip:r1@127.0.0.1:${callees[1]?.port}`);
    expect((await callees[2]?.next('INVITE'))?.uri).toBe(`sip:r2@127.0.0.1:${callees[2]?.port}`);
    expect(prints()).toEqual(['1']);
  });

  test.each(['get_redirects(1);', 'get_redirects(0, 1);'])(
    '%s takes the one with the highest q',
    async (call) => {
      const { callees, prints } = await redirected(`${call} xlog("print $rU"); t_relay();`, contacts);
      await callees[2]?.next('INVITE');
      expect(prints()).toEqual(['r2']);
      expect(callees[1]?.received).toEqual([]);
    },
  );

  test.each([
    ['set_deny_filter("r2@", "");', notItself],
    ['', 'modparam("uac_redirect", "deny_filter", "^sip:(R2|callee)@")'],
    [
      'set_accept_filter("r1@", "reset_default");',
      'modparam("uac_redirect", "default_filter", "deny")\nmodparam("uac_redirect", "accept_filter", "r2@")',
    ],
  ])('%s %s lets r1 through alone', async (filter, rest) => {
    const { callees } = await redirected(`${filter} get_redirects(); t_relay();`, contacts, rest);
    await callees[1]?.next('INVITE');
    expect(callees[2]?.received).toEqual([]);
  });

  test('does not go in circles', async () => {
    const { caller, callees, prints } = await redirected(
      'if (get_redirects()) { t_on_failure("f"); t_relay(); } else { xlog("print $rc"); }',
      ['Contact: <sip:r1@CALLEE1>'],
    );
    const [, other] = callees;
    const invite = await other?.next('INVITE');
    if (other === undefined || invite === undefined) return;
    other.reply(invite, 302, [`Contact: <sip:r1@127.0.0.1:${other.port}>`]);
    expect((await caller.next(302)).status).toBe(302);
    expect(prints()).toEqual(['-1']);
  });
});

test.each([
  ['modparam("uac_redirect", "default_filter", "maybe")', '', 'default_filter must be accept or deny'],
  ['modparam("uac_redirect", "deny_filter", "(")', '', 'invalid regular expression "("'],
  ['', 'set_deny_filter("(", "");', 'invalid regular expression'],
  ['', 'set_deny_filter("x", "reset");', 'cannot be "reset"'],
])('%s %s is refused', (lines, body, message) => {
  const { diagnostics } = loadScript(
    `loadmodule "tm.so"\nloadmodule "uac_redirect.so"\n${lines}\nroute { exit; }\nfailure_route[f] { ${body} }\n`,
  );
  expect(diagnostics.map((one) => one.message).join('\n')).toContain(message);
});
