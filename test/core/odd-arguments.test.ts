/** What functions return and do where an argument is null, empty, out of range or of another type. */
import { expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';

const modules = ['cfgutils', 'json', 'sl', 'sipmsgops', 'maxfwd', 'cachedb_local', 'rr'];
const given =
  '$var(none) = NULL; $var(text) = "abc"; $var(x) = "old"; $json(j) := "{\\"a\\":1,\\"b\\":[1,2]}";';

async function returned(call: string, after: string): Promise<string | undefined> {
  const rest = 'modparam("cachedb_local", "cachedb_url", "local://")';
  const { prints } = await runScript(`${given} ${call}; xlog("$rc ${after}");`, { modules, rest });
  return prints.at(-1);
}

test.each([
  ['append_hf("X-N: v\\r\\n", $var(none))', '-1'],
  ['insert_hf("X-N: v\\r\\n", $var(none))', '-1'],
  ['has_body_part($var(none))', '-1'],
  ['codec_exists("PCMU", $var(none))', '-1'],
  ['add_body_part("x", "text/plain", $var(none))', '-1'],
  ['is_myself("127.0.0.1", $var(none))', '-1'],
  ['setbflag("a", $var(none))', '-1'],
  ['rand_event($var(none))', '-1'],
  ['check_time_rec("20000101T000000", $var(none))', '-1'],
  ['record_route($var(none))', '-1'],
  ['cache_store("local", "k", "v", $var(none))', '-1'],
  ['cache_store("local", "k", "v", $var(text))', '-1'],
  ['append_msg_branch("sip:a@b", $var(none))', '-1'],
])('a null for an argument that may be left out fails %s', async (call, expected) => {
  expect(await returned(call, '')).toBe(`${expected} `);
});

test.each([
  ['append_hf("")', '', '1 '],
  ['append_to_reply("")', '', '-1 '],
  ['add_body_part("", "text/plain")', '', '-1 '],
  ['get_updated_body_part("application/none", $var(x))', '$var(x)', '-2 old'],
  ['check_time_rec("")', '', '-1 '],
  ['shuffle_avps($avp(none))', '', '1 '],
  ['$avp(w) = "x"; $avp(w) = 3; set_select_weight($avp(w))', '', '-1 '],
  ['setbflag("a", 5)', '', '-1 '],
  ['setbflag("a", -1)', '', '-1 '],
  ['is_myself("127.0.0.1", 0)', '', '-1 '],
  ['move_msg_branch(-1, 0)', '', '-1 '],
  [
    'append_msg_branch("sip:k@l"); swap_msg_branches(-1, 0)',
    '$ru $(msg.branch.uri[1])',
    '1 sip:k@l sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone',
  ],
  ['append_msg_branch("sip:k@l"); swap_msg_branches(0, 1)', '', '-1 '],
  ['$json(j/a) := "null"', '$json_compact(j)', '-1 {"b":[1,2]}'],
  ['$json(j/a) := 7', '$json_compact(j)', '-1 {"a":1,"b":[1,2]}'],
  ['$msg.flag(A) = "text"', '$msg.flag(A)', '-1 false'],
  ['$msg.flag(A) = NULL', '$msg.flag(A)', '-1 false'],
])('%s: %s', async (call, after, expected) => {
  expect(await returned(call, after)).toBe(expected);
});

test('Max-Forwards is read and compared as decremented', async () => {
  const { prints } = await runScript(
    `mf_process_maxfwd_header(10); mf_process_maxfwd_header(10); xlog("$rc $hdr(Max-Forwards) $(hdr(max-forwards)[*])");
     is_maxfwd_lt(69); xlog("$rc");`,
    { modules },
  );
  expect(prints).toEqual(['1 68 68', '1']);
});
