import { expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';

const abc = '$avp(x) = "c"; $avp(x) = "b"; $avp(x) = "a";';
const state = 'xlog("$rc x=$(avp(x)[*]) y=$(avp(y)[*])");';

test.each([
  [`${abc} avp_delete("$avp(x)");`, '1 x=b, c y=<null>'],
  [`${abc} avp_delete("$avp(x)/g");`, '1 x=<null> y=<null>'],
  [`${abc} avp_delete("$(avp(x)[1])");`, '1 x=a, c y=<null>'],
  [`${abc} avp_delete($avp(x));`, '1 x=b, c y=<null>'],
  [`${abc} avp_copy("$avp(x)", "$avp(y)");`, '1 x=a, b, c y=a'],
  [`${abc} avp_copy("$avp(x)", "$avp(y)/gd");`, '1 x=<null> y=a, b, c'],
  ['avp_copy("$avp(none)", "$avp(y)");', '-1 x=<null> y=<null>'],
  [`${abc} avp_subst("$avp(x)", "/a/A/");`, '1 x=A, b, c y=<null>'],
  [`${abc} avp_subst("$avp(x)/g", "/([ab])/<\\1>/");`, '1 x=<a>, <b>, c y=<null>'],
  [`${abc} avp_subst("$avp(x)/$avp(y)/gd", "/^[ac]$/\\0$rm/");`, '1 x=b y=aINVITE, cINVITE'],
  [`${abc} avp_subst("$avp(x)", "/z/A/");`, '-1 x=a, b, c y=<null>'],
  ['$avp(x) = 5; avp_op("$avp(x)", "add/37");', '1 x=42 y=<null>'],
  ['$avp(x) = 5; avp_op("$avp(x)/$avp(y)", "mul/$cs");', '1 x=5 y=85'],
  ['$avp(x) = 5; avp_op("$avp(x)", "div/0");', '-1 x=5 y=<null>'],
  ['$avp(x) = 5; avp_op("$avp(x)", "not/0");', '1 x=-6 y=<null>'],
  [`${abc} avp_op("$avp(x)", "add/1");`, '-1 x=a, b, c y=<null>'],
])('%s', async (script, expected) => {
  const { prints, log } = await runScript(`${script} ${state}`, { modules: ['avpops'] });
  expect(prints, log.join('\n')).toEqual([expected]);
});

test.each([
  ['is_avp_set("$avp(x)")', '1'],
  ['is_avp_set("$avp(x)/n")', '-1'],
  ['is_avp_set("$avp(n)/n")', '1'],
  ['is_avp_set("$avp(none)")', '-1'],
  ['is_avp_set("$avp($var(name))")', '1'],
  ['is_avp_set("x")', '-1'],
  ['avp_check("$avp(x)", "eq/A/i")', '1'],
  ['avp_check("$avp(x)", "eq/b")', '-1'],
  ['avp_check("$avp(x)", "eq/b/g")', '1'],
  ['avp_check("$avp(n)", "gt/9")', '1'],
  ['avp_check("$avp(n)", "lt/9")', '-1'],
  ['avp_check("$avp(n)", "and/2")', '1'],
  ['avp_check("$avp(n)", "and/4")', '-1'],
  ['avp_check("$fU", "re/^al")', '1'],
  ['avp_check("$fU", "fm/al*e")', '1'],
  ['avp_check("$fU", "eq/$fU")', '1'],
  ['avp_check("$fU", "nonsense")', '-1'],
  ['avp_shuffle("$avp(x)")', '1'],
  ['avp_shuffle("$avp(none)")', '-1'],
  ['avp_pushto("$rU", "$avp(x)")', '-1'],
])('%s returns %s', async (call, expected) => {
  const { prints } = await runScript(`${abc} $avp(n) = 10; $var(name) = "x"; ${call}; xlog("$rc");`, {
    modules: ['avpops'],
  });
  expect(prints).toEqual([expected]);
});

test('a value is pushed to the request URI', async () => {
  const { prints } = await runScript(
    '$avp(u) = "sip:new@x.example"; avp_pushto("$ru", "$avp(u)"); xlog("$rc $ru");',
    { modules: ['avpops'] },
  );
  expect(prints).toEqual(['1 sip:new@x.example']);
});
