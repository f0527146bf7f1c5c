/** Values as scripts of the field depend on them: quirks of variables, transformations and functions that the reference has. */
import { expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';

const modules = ['json', 'tm', 'rr', 'cachedb_local', 'sl'];

test.each([
  [
    'a long integer of JSON',
    '$json(r) := "{\\"n\\":12345678901}"; xlog("$json(r/n)"); $var(v) = $json(r/n); xlog("$var(v)"); $ru = "sip:x@h"; $rU = $json(r/n); xlog("$ru"); xlog("$(json(r/n){s.len})"); $var(t) = "u" + $json(r/n); xlog("$var(t)"); if ($json(r/n) == "12345678901") xlog("eq");',
    ['12345678901', '-539222987', 'sip:12345678901@h', '11', 'u12345678901', 'eq'],
  ],
  [
    '{s.int}',
    '$var(t) = "12abc"; $var(n) = $(var(t){s.int}); xlog("$var(n) $(var(t){s.int}) $(var(t){s.int}{s.len})");',
    ['12 12abc 5'],
  ],
  [
    'braces in {re.subst}',
    '$var(t) = "1234567890"; xlog("$(var(t){re.subst,/^[0-9]\\{10\\}$/ten/})"); $var(u) = "a{x}b"; xlog("$(var(u){re.subst,/\\\\\\{x\\\\\\}/Y/})");',
    ['ten', 'aYb'],
  ],
  [
    'variables in {re.subst}',
    '$var(t) = "a5b"; $var(x) = "V"; $avp(e) = "/5/[$" + "var(x)]/"; xlog("$(var(t){re.subst,$avp(e)})"); xlog("$(var(t){re.subst,/5/$avp(none)/})"); xlog("$(var(t){re.subst,/$var(x)/L/})"); xlog("$(var(t){re.subst,/5/a$$/})");',
    ['a[V]b', 'ab', 'a5b', 'aa$b'],
  ],
  [
    'a null argument',
    '$var(t) = "a=1"; xlog("$(var(t){param.value,$avp(none)}) $(var(t){s.sha1_hmac,$avp(none)})");',
    ['<null> <null>'],
  ],
  [
    'flags',
    // names of their own, since a process numbers them once for all its scripts
    'setflag("FV_A"); setflag("FV_B"); $msg.flag(FV_C) = 1; xlog("$mf $msg.flag(FV_C)"); $msg.flag(FV_C) = "x"; xlog("$mf"); setbflag("FV_X"); setbflag("FV_Y"); xlog("$bf");',
    ['FV_B FV_A FV_C true', 'FV_B FV_A', 'FV_Y FV_X'],
  ],
  [
    'branches',
    '$ru = "sip:m@x"; xlog("$msg.branch $branch $ds $ru_q"); $msg.branch = "sip:a@x"; $msg.branch = "sip:b@x"; $ru_q = 500; $(msg.branch.q[1]) = 300; xlog("$(msg.branch.uri[*]) $ds $ru_q"); remove_msg_branch(1); xlog("$rc $(msg.branch.uri[*])");',
    [
      '<null> <null> <null> -1',
      'sip:m@x, sip:a@x, sip:b@x Contact: <sip:a@x>;q=0.3, <sip:b@x> 500',
      '1 sip:m@x, sip:a@x',
    ],
  ],
  [
    'an empty user',
    '$ru = "sip:bob:pw@h;p"; setuser(""); xlog("$ru"); $rU = "carol"; $rU = ""; xlog("$ru"); strip(3); xlog("$rc $ru"); $ru = "sip:ab@h"; strip_tail(9); xlog("$rc $ru");',
    ['sip:h;p', 'sip:h;p', '1 sip:h;p', '1 sip:h'],
  ],
  [
    'counters of text',
    'cache_store("local", "a", "007"); cache_counter_fetch("local", "a", $var(c)); xlog("$rc $var(c)"); cache_store("local", "b", "12abc"); cache_counter_fetch("local", "b", $var(c)); xlog("$rc $var(c)"); cache_store("local", "", "x"); xlog("$rc");',
    ['1 7', '-3 7', '-1'],
  ],
  [
    'a second Record-Route',
    'record_route(); xlog("$rc"); record_route(); xlog("$rc"); record_route_preset("h.example"); xlog("$rc");',
    ['1', '-1', '-1'],
  ],
  ['a second transaction', 't_newtran(); xlog("$rc"); t_newtran(); xlog("$rc");', ['1', '-10']],
  [
    'parts of URIs',
    '$var(u) = "urn:service:sos"; xlog("$(var(u){uri.host}) $(var(u){uri.schema})"); $var(v) = "sip:b@h;lr;x="; xlog("$(var(v){uri.lr}) $(var(v){uri.param,lr}|) $(var(v){uri.param,x})"); $ru = "sip:b@h;transport=TCP"; xlog("$rP");'.replace(
      '|',
      '',
    ),
    ['sos urn', '<null>  <null>', 'TCP'],
  ],
  [
    'parameters read strictly',
    '$var(a) = ""; $var(b) = "a=1;"; $var(c) = "a=1,b=2"; $var(d) = ";a"; xlog("$(var(a){param.count}) $(var(b){param.count}) $(var(c){param.count}) $(var(d){param.count})");',
    ['<null> <null> 1 2'],
  ],
  ['errors', 'xlog("[$err.class][$err.level][$err.info][$err.rcode][$err.rreason]");', ['[0][0][][0][]']],
])('%s', async (_, script, expected) => {
  expect((await runScript(script, { modules })).prints).toEqual(expected);
});
