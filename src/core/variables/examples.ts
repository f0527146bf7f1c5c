/**
 * An example for each variable, based on the sample request in the reference. Variables that depend on the clock, the
 * process or chance have no stable value, and so no example.
 */

import type { Run } from '../../runtime/index.ts';
import type { VariableExample, VariableSpec } from '../../script/index.ts';

const prints = (text: string, output: string, script?: string): VariableExample =>
  script === undefined ? { text, prints: output } : { script, text, prints: output };

const requestUri = 'sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone';

export const variableExamples: Readonly<Record<string, VariableExample>> = {
  var: prints('$var(a) $var(none)', '5 <null>', '$var(a) = 2 + 3;'),
  avp: prints(
    '$avp(n) $(avp(n)[1]) $(avp(n)[-1]) $(avp(n)[*])',
    'two one zero two, one, zero',
    '$avp(n) = "one"; $avp(n) = "two"; $(avp(n)[append]) = "zero";',
  ),
  rc: prints('$rc', '-1', 'is_myself("elsewhere.example");'),
  return: prints('$return(0) $return(1)', '<null> <null>'),
  param: prints('$param(1)', '<null>'),
  ru: prints('$ru', requestUri),
  rU: prints('$rU', '5551234', '$rU = "5551234";'),
  rd: prints(
    '$rd $ru',
    'gw.example sip:bob@gw.example',
    '$ru = "sip:bob@biloxi.example"; $rd = "gw.example";',
  ),
  rp: prints('$rp', '5080'),
  rP: prints('$rP', 'udp'),
  ru_q: prints('$ru_q', '500', '$ru_q = "0.5";'),
  ou: prints('$ou', requestUri, '$ru = "sip:other@x.example";'),
  oU: prints('$oU', '+15551234;day=mon'),
  od: prints('$od', 'biloxi.example'),
  op: prints('$op', '5080'),
  oP: prints('$oP', 'udp'),
  du: prints('$du', 'sip:gw.example:5070', '$du = "sip:gw.example:5070";'),
  dd: prints('$du', 'sip:10.0.0.1:5070', '$du = "sip:gw.example:5070"; $dd = "10.0.0.1";'),
  dp: prints('$du', 'sip:gw.example:5090', '$du = "sip:gw.example:5070"; $dp = 5090;'),
  dP: prints('$dP', 'tcp', '$du = "sip:gw.example;transport=tcp";'),
  hdr: prints('$hdr(X-Price) $(hdr(Via)[-1]) $hdr(None)', '10 SIP/2.0/UDP 192.0.2.8;branch=z9hG4bK76 <null>'),
  hdrcnt: prints('$hdrcnt(Via)', '2'),
  hdr_name: prints('$hdr_name $(hdr_name[2]) $(hdr_name[-1])', 'Via From Content-Length'),
  fu: prints('$fu', 'sip:alice@atlanta.example'),
  fU: prints('$fU', 'alice'),
  fd: prints('$fd', 'atlanta.example'),
  fn: prints('$fn', '"Alice A."'),
  ft: prints('$ft', 'f1'),
  tu: prints('$tu', 'sip:bob@biloxi.example'),
  tU: prints('$tU', 'bob'),
  td: prints('$td', 'biloxi.example'),
  tn: prints('$tn', 'Bob'),
  tt: prints('$tt', '<null>'),
  pu: prints('$pu', 'sip:al@atlanta.example'),
  pU: prints('$pU', 'al'),
  pd: prints('$pd', 'atlanta.example'),
  pn: prints('$pn', '"Al"'),
  ai: prints('$ai', 'sip:+1555@gw.example'),
  di: prints('$di', 'sip:carol@biloxi.example'),
  dip: prints('$dip', 'full'),
  dir: prints('$dir', 'busy'),
  re: prints('$re', 'sip:rp@biloxi.example'),
  rt: prints('$rt', 'sip:dave@biloxi.example'),
  ct: prints('$ct', '"A" <sip:alice@192.0.2.7:5062>;q=0.5;expires=60'),
  'ct.fields': prints('$ct.fields(q) $(ct.fields(uri)[1])', '0.5 sip:a2@192.0.2.9'),
  path: prints('$path', '<sip:edge.example;lr>'),
  ua: prints('$ua', 'phone/1.0'),
  ci: prints('$ci', 'c1@atlanta.example'),
  cs: prints('$cs', '17'),
  cl: prints('$cl', '157'),
  cT: prints('$cT', 'application/sdp'),
  sdp: prints('$(sdp{s.len}) $(sdp{s.substr,0,3})', '157 v=0'),
  'sdp.line': prints(
    '$sdp.line([3]) $sdp.line(m=audio/[1])',
    'c=IN IP4 192.0.2.7 5000',
    '$sdp.line(m=audio/[1]) = 5000;',
  ),
  'sdp.session': prints('$sdp.session(c=/[2])', '192.0.2.7'),
  'sdp.stream': prints('$sdp.stream(audio/a=rtpmap)', 'a=rtpmap:101 telephone-event/8000'),
  'sdp.stream.idx': prints('$sdp.stream.idx(audio)', '5'),
  rb: prints('$(rb{s.len}) $(rb(application/sdp){s.substr,0,3}) $rb(text/plain)', '157 v=0 <null>'),
  au: prints('$au', 'alice'),
  ad: prints('$ad', 'realm.example'),
  aU: prints('$aU', 'alice@realm.example'),
  ar: prints('$ar', 'atlanta.example'),
  an: prints('$an', 'n0nce'),
  adu: prints('$adu', 'sip:biloxi.example'),
  'auth.resp': prints('$auth.resp', 'r3sponse'),
  'auth.nonce': prints('$auth.nonce', 'n0nce'),
  'auth.cnonce': prints('$auth.cnonce', 'cn'),
  'auth.opaque': prints('$auth.opaque', 'op'),
  'auth.alg': prints('$auth.alg', 'MD5'),
  'auth.qop': prints('$auth.qop', 'auth'),
  'auth.nc': prints('$auth.nc', '00000001'),
  Au: prints('$Au', 'alice@atlanta.example'),
  ...Object.fromEntries(
    ['algorithm', 'realm', 'nonce', 'opaque', 'qop', 'ik', 'ck'].map((name) => [
      `challenge.${name}`,
      prints(`$challenge.${name}`, '<null>'),
    ]),
  ),
  rm: prints('$rm', 'INVITE'),
  si: prints('$si', '192.0.2.7'),
  sp: prints('$sp', '5062'),
  'msg.type': prints('$msg.type', 'request'),
  'msg.is_request': prints('$msg.is_request', 'true'),
  socket_in: prints('$socket_in $socket_in(port) $socket_in(af)', 'udp:127.0.0.1:5060 5060 INET'),
  socket_out: prints('$socket_out(proto) $socket_out(forced)', 'udp <null>'),
  fs: prints('$fs', '<null>'),
  Ri: prints('$Ri', '127.0.0.1'),
  Rp: prints('$Rp', '5060'),
  pr: prints('$pr $proto', 'udp udp'),
  af: prints('$af', 'INET'),
  rT: prints('$rT', 'route'),
  proxy_protocol: prints('$proxy_protocol(src_ip)', '<null>'),
  mf: prints('$mf', 'NAT', 'setflag(NAT);'),
  'msg.flag': prints('$msg.flag(NAT) $msg.flag(X)', 'true false', '$msg.flag(NAT) = 1;'),
  rs: prints('$rs', '<null>'),
  rr: prints('$rr', '<null>'),
  ds: prints(
    '$ds',
    'Contact: <sip:c@x.example>',
    '$ru = "sip:b@x.example"; $msg.branch = "sip:c@x.example";',
  ),
  branch: prints(
    '$(branch(uri)[0]) $(branch(q)[-1]) $(branch(uri)[*])',
    'sip:c@x.example 0.3 sip:c@x.example, sip:d@x.example',
    '$branch = "sip:c@x.example"; append_branch("sip:d@x.example", "0.3");',
  ),
  'branch.flag': prints('$branch.flag(nat)', 'true', 'setbflag("nat");'),
  bf: prints('$bf', 'nat', 'setbflag("nat");'),
  'msg.branch': prints('$msg.branch', 'sip:c@x.example', '$msg.branch = "sip:c@x.example";'),
  'msg.branch.uri': prints(
    '$(msg.branch.uri[1]) $(msg.branch.uri[*])',
    'sip:c@x.example sip:b@x.example, sip:c@x.example',
    '$ru = "sip:b@x.example"; $msg.branch = "sip:c@x.example";',
  ),
  'msg.branch.duri': prints(
    '$msg.branch.duri $(msg.branch.duri[0])',
    'sip:gw.example <null>',
    '$msg.branch = "sip:c@x.example"; $msg.branch.duri = "sip:gw.example";',
  ),
  'msg.branch.q': prints('$msg.branch.q', '0.3', '$msg.branch = "sip:c@x.example"; $msg.branch.q = "0.3";'),
  'msg.branch.path': prints(
    '$msg.branch.path',
    '<sip:p.example;lr>',
    '$msg.branch = "sip:c@x.example"; $msg.branch.path = "<sip:p.example;lr>";',
  ),
  'msg.branch.socket': prints(
    '$msg.branch.socket',
    'udp:127.0.0.1:5060',
    '$msg.branch = "sip:c@x.example"; $msg.branch.socket = "udp:127.0.0.1:5060";',
  ),
  'msg.branch.flags': prints(
    '$msg.branch.flags',
    'late pstn',
    '$msg.branch = "sip:c@x.example"; $msg.branch.flag(pstn) = 1; $msg.branch.flag(late) = 1;',
  ),
  'msg.branch.flag': prints(
    '$msg.branch.flag(pstn) $(msg.branch.flag(pstn)[0])',
    'true false',
    '$msg.branch = "sip:c@x.example"; $msg.branch.flag(pstn) = 1;',
  ),
  'msg.branch.attr': prints(
    '$msg.branch.attr(num) $msg.branch.attr(none)',
    '5 <null>',
    '$msg.branch = "sip:c@x.example"; $msg.branch.attr(num) = 5;',
  ),
  'msg.branch.last_idx': prints('$msg.branch.last_idx', '1', '$msg.branch = "sip:c@x.example";'),
  route: prints('$route', 'route'),
  'route.name': prints('[$route.name]', '[]'),
  'route.type': prints('$route.type', 'route'),
  argv: prints('$argv(site)', '<null>'),
  log_level: prints('$log_level', '-1', '$log_level = -1;'),
  xlog_level: prints('$xlog_level', '4', '$xlog_level = L_DBG;'),
  ...Object.fromEntries(
    ['class', 'level', 'info', 'rcode', 'rreason'].map((name) => [
      `err.${name}`,
      prints(`$err.${name}`, name === 'info' || name === 'rreason' ? '' : '0'),
    ]),
  ),
};

export function withExamples(specs: readonly VariableSpec<Run>[]): readonly VariableSpec<Run>[] {
  return specs.map((spec) => {
    const example = variableExamples[spec.name];
    return example === undefined ? spec : { ...spec, example };
  });
}
