/** What bench/script.bench.ts measures. */

export interface Row {
  readonly name: string;
  readonly statement: string;
  /** Stands once before the copies. */
  readonly before?: string;
  /** Further routes. */
  readonly routes?: string;
}

export const rows: readonly Row[] = [
  { name: 'assignment: $var(x) = 1', statement: '$var(x) = 1;' },
  { name: 'assignment: $var(x) = $var(y)', statement: '$var(x) = $var(y);' },
  { name: 'assignment: $avp(x) := "text"', statement: '$avp(x) := "text";' },
  { name: 'arithmetic: $var(n) + 7 * 3', statement: '$var(x) = $var(n) + 7 * 3;', before: '$var(n) = 5;' },
  { name: 'joining: $fU + "@" + $fd', statement: '$var(x) = $fU + "@" + $fd;' },
  { name: 'if, a comparison of numbers', statement: 'if ($var(n) > 3) { }', before: '$var(n) = 5;' },
  { name: 'if, a comparison of strings', statement: 'if ($rU == "bob") { }' },
  { name: 'if, =~ with a constant pattern', statement: 'if ($rU =~ "^\\\\+?[0-9]{3,15}$") { }' },
  {
    name: 'if, =~ with a variable pattern',
    statement: 'if ($rU =~ $var(p)) { }',
    before: '$var(p) = "^[0-9]+$";',
  },
  {
    name: 'if, three conditions',
    statement: 'if ($rm == "INVITE" && $var(n) > 3 || $rU == "x") { }',
    before: '$var(n) = 5;',
  },
  {
    name: 'switch, the third of four cases',
    statement: 'switch ($rm) { case "ACK": break; case "BYE": break; case "INVITE": break; default: }',
  },
  { name: 'while, each turn', statement: '$var(i) = 0; while ($var(i) < 1) { $var(i) += 1; }' },
  {
    name: 'for over two values',
    statement: 'for ($var(i) in $(avp(list)[*])) { }',
    before: '$avp(list) := "a"; $avp(list) = "b";',
  },
  { name: 'route(name)', statement: 'route(sub);', routes: 'route[sub] { return(1); }' },
  { name: 'route(name, "a", $fU)', statement: 'route(sub, "a", $fU);', routes: 'route[sub] { return(1); }' },
  { name: 'a core function: setflag()', statement: 'setflag("a");' },
  { name: 'is_method("INVITE|BYE")', statement: 'if (is_method("INVITE|BYE")) { }' },
  {
    name: 'xlog() that is not printed',
    statement: 'xlog("L_DBG", "call from $fU to $rU\\n");',
    before: '$xlog_level = 1;',
  },
  { name: '$ru', statement: '$var(x) = $ru;' },
  { name: '$rU', statement: '$var(x) = $rU;' },
  { name: '$fU', statement: '$var(x) = $fU;' },
  { name: '$ci', statement: '$var(x) = $ci;' },
  { name: '$si', statement: '$var(x) = $si;' },
  { name: '$hdr(User-Agent)', statement: '$var(x) = $hdr(User-Agent);' },
  { name: '$avp(x)', statement: '$var(x) = $avp(x);', before: '$avp(x) := "text";' },
  { name: '$(avp(x)[1])', statement: '$var(x) = $(avp(x)[1]);', before: '$avp(x) := "a"; $avp(x) = "b";' },
  {
    name: '$json(doc/user/name)',
    statement: '$var(x) = $json(doc/user/name);',
    before: '$json(doc) := "{\\"user\\":{\\"name\\":\\"alice\\"}}";',
  },
  {
    name: '$json(doc) := text of 60 bytes',
    statement: '$json(doc) := $var(t);',
    before:
      '$var(t) = "{\\"user\\":{\\"name\\":\\"alice\\"},\\"credit\\":12,\\"allowed\\":true,\\"x\\":null}";',
  },
  { name: '{s.len}', statement: '$var(x) = $(fU{s.len});' },
  { name: '{s.substr,1,3}', statement: '$var(x) = $(fU{s.substr,1,3});' },
  { name: '{s.select,1,@}', statement: '$var(x) = $(fu{s.select,1,@});' },
  { name: '{s.toupper}', statement: '$var(x) = $(fU{s.toupper});' },
  { name: '{s.md5}', statement: '$var(x) = $(fU{s.md5});' },
  { name: '{uri.host}', statement: '$var(x) = $(fu{uri.host});' },
  {
    name: '{param.value,b}',
    statement: '$var(x) = $(var(p){param.value,b});',
    before: '$var(p) = "a=1;b=2;c=3";',
  },
  { name: '{nameaddr.uri}', statement: '$var(x) = $(hdr(From){nameaddr.uri});' },
  { name: '{re.subst,/^\\+//}', statement: '$var(x) = $(rU{re.subst,/^\\\\+//});' },
  { name: '{csv.value,1}', statement: '$var(x) = $(var(c){csv.value,1});', before: '$var(c) = "a,b,c";' },
];

/** Fifty statements of the kinds that routing scripts are made of, in the order in which they stand there. */
export const routingScript = `
route {
  $xlog_level = 1;
  if (!mf_process_maxfwd_header(10)) { exit; }
  if (is_method("OPTIONS")) { exit; }
  $var(user) = $rU;
  $var(domain) = $rd;
  $var(caller) = $fU;
  $avp(account) := $(fu{uri.user});
  $avp(started) := $Ts;
  if ($var(user) == NULL || $var(user) == "") { exit; }
  route(normalize);
  route(screen);
  switch ($var(class)) {
    case "emergency":
      $var(priority) = 0;
      break;
    case "national":
      $var(priority) = 2;
      break;
    default:
      $var(priority) = 5;
  }
  $json(request) := "{}";
  $json(request/account) = $avp(account);
  $json(request/number) = $var(number);
  $json(request/priority) = $var(priority);
  $var(i) = 0;
  while ($var(i) < 3) {
    $avp(gateway) = "gw" + $var(i);
    $var(i) = $var(i) + 1;
  }
  for ($var(gw) in $(avp(gateway)[*])) {
    if ($var(gw) == "gw1") { $var(chosen) = $var(gw); }
  }
  $ru = "sip:" + $var(number) + "@" + $var(chosen) + ".example.com";
  $var(key) = $(ci{s.md5});
  setflag("accounted");
  xlog("L_DBG", "call $ci from $avp(account) to $ru, class $var(class)\\n");
  if ($var(priority) > 3 && !isflagset("accounted")) { exit; }
  exit;
}
route[normalize] {
  $var(number) = $var(user);
  if ($var(number) =~ "^\\\\+") {
    $var(number) = $(var(number){s.substr,1,0});
  } else if ($var(number) =~ "^00") {
    $var(number) = $(var(number){s.substr,2,0});
  }
  $var(length) = $(var(number){s.len});
  if ($var(length) < 3 || $var(length) > 15) { return(-1); }
  return(1);
}
route[screen] {
  $var(class) = "international";
  if ($var(number) =~ "^49") { $var(class) = "national"; }
  if ($var(number) =~ "^1[0-9]{2}$") { $var(class) = "emergency"; }
  if ($hdr(User-Agent) =~ "friendly-scanner") { exit; }
  if ($si == "198.51.100.7") { exit; }
  return(1);
}
`;
