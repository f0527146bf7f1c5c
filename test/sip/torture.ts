/**
 * The torture tests of RFC 4475 and RFC 5118, each written anew from what its section asks for, and what siprest does with it.
 * `taken`: parsed, and left to the script. `answered`: refused with this status before any script runs.
 * `dropped`: a response that nobody gets to see.
 */
export interface TortureTest {
  /** The RFC's own name for it. */
  readonly id: string;
  readonly section: string;
  readonly about: string;
  readonly treatment: 'taken' | 'dropped' | { readonly answered: number };
  /** Why, where the RFC leaves a choice. */
  readonly note?: string;
  /** A byte string. */
  readonly text: string;
}

interface Parts {
  readonly start: string;
  /** In the place of the default header of this name; null leaves it out. */
  readonly via?: string | null;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly callId?: string | null;
  readonly cseq?: string | null;
  readonly maxForwards?: string | null;
  readonly more?: readonly string[];
  readonly body?: string;
  /** Default: the body's. */
  readonly length?: string | null;
}

/** A message with everything right that the parts do not change. */
function message(id: string, parts: Parts): string {
  const method = parts.start.startsWith('SIP/') ? 'INVITE' : parts.start.slice(0, parts.start.indexOf(' '));
  const body = parts.body ?? '';
  const line = (name: string, value: string | null | undefined, usual: string): string =>
    value === null ? '' : `${name}: ${value ?? usual}\r\n`;
  return [
    `${parts.start}\r\n`,
    line('Via', parts.via, `SIP/2.0/UDP client.example.com;branch=z9hG4bK.${id}`),
    line('Max-Forwards', parts.maxForwards, '70'),
    line('From', parts.from, `<sip:caller@example.net>;tag=${id}`),
    line('To', parts.to, '<sip:callee@example.com>'),
    line('Call-ID', parts.callId, `${id}.torture@example.net`),
    line('CSeq', parts.cseq, `7 ${method}`),
    ...(parts.more ?? []).map((more) => `${more}\r\n`),
    line('Content-Length', parts.length, String(body.length)),
    '\r\n',
    body,
  ].join('');
}

const SDP =
  'v=0\r\no=caller 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
const ODD_METHOD = "!odd-Method.0189_*+`%stays'~";

type Row = readonly [
  id: string,
  section: string,
  about: string,
  treatment: TortureTest['treatment'],
  parts: Parts | string,
  note?: string,
];

const ROWS: readonly Row[] = [
  [
    'wsinv',
    '3.1.1.1',
    'white space, folding, compact names and letter case wherever the grammar lets them be',
    'taken',
    [
      'INVITE sip:callee@chair.example.com;unknownparam SIP/2.0',
      'TO :',
      ' sip:callee@chair.example.com ;   tag    = 42',
      'from   : "J Caller \\\\\\""       <sip:caller@example.com>',
      '  ;',
      '  tag = 98asjd8',
      'MaX-fOrWaRdS: 0068',
      'Call-ID: wsinv.torture@192.0.2.1',
      'Content-Length   : 150',
      'cseq: 0009',
      '  INVITE',
      'Via  : SIP  /   2.0',
      ' /UDP',
      '    192.0.2.2;branch=390skdjuw',
      's :',
      'NewFangledHeader:   newfangled value',
      ' continued newfangled value',
      'UnknownHeaderWithUnusualValue: ;;,,;;,;',
      'Content-Type: application/sdp',
      'Route:',
      ' <sip:services.example.com;lr;unknownwith=value;unknown-no-value>',
      'v:  SIP  / 2.0  / TCP     spindle.example.com   ;',
      '  branch  =   z9hG4bK9ikj8  ,',
      ' SIP  /    2.0   / UDP  192.168.255.111   ; branch=',
      ' z9hG4bK30239',
      'm:"Quoted string \\"\\"" <sip:caller@example.com> ; newparam =',
      '      newvalue ;',
      '  secondparam ; q = 0.33',
      '',
      SDP.padEnd(150, ' ').slice(0, 150),
    ].join('\r\n'),
  ],
  [
    'intmeth',
    '3.1.1.2',
    'every kind of character that its place allows',
    'taken',
    {
      start: `${ODD_METHOD} sip:1_odd.URI~(may-be!so)&is+it$/odd?,/;;*:&it+has=1,odd!*pass~_too.(is-it)@example.com SIP/2.0`,
      via: "SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~",
      to: '"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" <sip:1_odd.URI~@example.com>',
      from: `token1~\` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%="\xd1\x80\xd0\xb0";tag=_token~1'+\`*%!-.`,
      cseq: `139122385 ${ODD_METHOD}`,
      more: ["extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb"],
    },
  ],
  [
    'esc01',
    '3.1.1.3',
    'escapes with %, which are not undone for routing',
    'taken',
    {
      start: 'INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0',
      to: 'sip:%75se%72@example.com',
      more: ['Contact: <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>'],
    },
  ],
  [
    'escnull',
    '3.1.1.4',
    'an escaped NUL in URIs',
    'taken',
    {
      start: 'REGISTER sip:example.com SIP/2.0',
      to: 'sip:null-%00-null@example.com',
      from: 'sip:null-%00-null@example.com;tag=839923423',
      more: ['Contact: <sip:%00@host5.example.com>', 'Contact: <sip:%00%00@host5.example.com>'],
    },
  ],
  [
    'esc02',
    '3.1.1.5',
    'a % that begins no escape, in a method and a display name',
    'taken',
    {
      start: 'RE%47IST%45R sip:registrar.example.com SIP/2.0',
      to: '"%Z%45" <sip:resource@example.com>',
      from: '"%Z%45" <sip:resource@example.com>;tag=f232jadfj23',
      cseq: '29344 RE%47IST%45R',
    },
    'It is a method of its own, not REGISTER.',
  ],
  [
    'lwsdisp',
    '3.1.1.6',
    'no space between a display name and <',
    'taken',
    { start: 'OPTIONS sip:user@example.com SIP/2.0', from: 'caller<sip:caller@example.com>;tag=323' },
  ],
  [
    'longreq',
    '3.1.1.7',
    'very long values',
    'taken',
    {
      start: 'INVITE sip:user@example.com SIP/2.0',
      to: `"I have a user name of ${'extreme'.repeat(10)} proportion"<sip:user@example.com:6000;${'unknown'.repeat(60)}=${'long'.repeat(60)};a=b>`,
      from: `sip:${'very'.repeat(40)}long@example.net;tag=${'1298'.repeat(60)}`,
      callId: `${'longreq'.repeat(20)}one`,
      more: [
        `Unknown-${'long'.repeat(20)}-name: ${'value'.repeat(20)}`,
        ...Array.from({ length: 33 }, (_, i) => `Via: SIP/2.0/UDP sip${i}.example.com`),
        `Contact: <sip:${'amazing'.repeat(20)}@host5.example.net>`,
      ],
    },
  ],
  [
    'dblreq',
    '3.1.1.8',
    'octets behind the body in a datagram',
    'taken',
    `${message('dblreq', { start: 'REGISTER sip:example.com SIP/2.0' })}INVITE sip:joe@example.com SIP/2.0\r\nt: <sip:joe@example.com>\r\n\r\n`,
    'They are dropped, and never sent on.',
  ],
  [
    'semiuri',
    '3.1.1.9',
    'parameters in the user part',
    'taken',
    { start: 'OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0' },
  ],
  [
    'transports',
    '3.1.1.10',
    'known and unknown transports in Via',
    'taken',
    {
      start: 'OPTIONS sip:user@example.com SIP/2.0',
      more: ['SCTP', 'TLS', 'TCP', 'UNKNOWN'].map(
        (transport, i) => `Via: SIP/2.0/${transport} t${i + 2}.example.com;branch=z9hG4bKt${i}`,
      ),
    },
  ],
  [
    'mpart01',
    '3.1.1.11',
    'a multipart body with bytes of every value',
    'taken',
    {
      start: 'MESSAGE sip:kumiko@example.org SIP/2.0',
      more: ['Content-Type: multipart/mixed;boundary=7a9cbec02ceef655'],
      body: `--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n\r\n${String.fromCharCode(
        ...Array.from({ length: 256 }, (_, i) => i),
      )}\r\n--7a9cbec02ceef655--\r\n`,
    },
  ],
  [
    'unreason',
    '3.1.1.12',
    'a reason phrase of UTF-8',
    'taken',
    { start: 'SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe' },
  ],
  ['noreason', '3.1.1.13', 'an empty reason phrase', 'taken', { start: 'SIP/2.0 100 ' }],
  [
    'badinv01',
    '3.1.2.1',
    'separators without anything between them',
    'taken',
    {
      start: 'INVITE sip:user@example.com SIP/2.0',
      more: ['Contact: "Joe" <sip:joe@example.org>;;;;', 'Accept: ,, application/sdp ,,'],
    },
    'Of Via, From and To, which are read, the same is refused where it leaves no value.',
  ],
  [
    'clerr',
    '3.1.2.2',
    'a Content-Length beyond the datagram',
    { answered: 400 },
    { start: 'INVITE sip:user@example.com SIP/2.0', body: SDP, length: '9999' },
  ],
  [
    'ncl',
    '3.1.2.3',
    'a negative Content-Length',
    { answered: 400 },
    { start: 'INVITE sip:user@example.com SIP/2.0', body: SDP, length: '-999' },
  ],
  [
    'scalar02',
    '3.1.2.4',
    'numbers out of range in a request',
    { answered: 400 },
    {
      start: 'REGISTER sip:example.com SIP/2.0',
      via: 'SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3;ttl=999',
      cseq: '36893488147419103232 REGISTER',
      maxForwards: '300',
      more: [
        'Expires: 10000000000000000000000000000',
        'Contact: <sip:u@h.example.com>;expires=280297596632815',
      ],
    },
  ],
  [
    'scalarlg',
    '3.1.2.5',
    'numbers out of range in a response',
    'dropped',
    {
      start: 'SIP/2.0 503 Service Unavailable',
      cseq: '9292394834772304023312 OPTIONS',
      more: ['Retry-After: 949302838503028349304023988', 'Warning: 1812 overture "In Progress"'],
    },
  ],
  [
    'quotbal',
    '3.1.2.6',
    'a quote in To that is never closed',
    { answered: 400 },
    { start: 'INVITE sip:user@example.com SIP/2.0', to: '"Mr. J. User <sip:j.user@example.com>' },
  ],
  [
    'ltgtruri',
    '3.1.2.7',
    'a Request-URI in angle brackets',
    { answered: 400 },
    { start: 'INVITE <sip:user@example.com> SIP/2.0' },
  ],
  [
    'lwsruri',
    '3.1.2.8',
    'white space inside the Request-URI',
    { answered: 400 },
    { start: 'INVITE sip:user@example.com; lr SIP/2.0' },
  ],
  [
    'lwsstart',
    '3.1.2.9',
    'more than one space in the start line',
    { answered: 400 },
    { start: 'INVITE  sip:user@example.com  SIP/2.0' },
  ],
  [
    'trws',
    '3.1.2.10',
    'space behind the start line',
    { answered: 400 },
    { start: 'OPTIONS sip:remote-target@example.com SIP/2.0  ' },
  ],
  [
    'escruri',
    '3.1.2.11',
    'headers in the Request-URI',
    'taken',
    { start: 'INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0' },
    'They are kept where they are, and no header comes of them.',
  ],
  [
    'baddate',
    '3.1.2.12',
    'a Date that is not in GMT',
    'taken',
    { start: 'INVITE sip:user@example.com SIP/2.0', more: ['Date: Fri, 01 Jan 2010 16:00:00 EST'] },
    'A proxy has no use for it.',
  ],
  [
    'regbadct',
    '3.1.2.13',
    'a Contact whose URI needs angle brackets and has none',
    'taken',
    {
      start: 'REGISTER sip:example.com SIP/2.0',
      more: ['Contact: sip:user@example.com?Route=%3Csip:sip.example.com%3E'],
    },
    "The contacts are the registrar's business.",
  ],
  [
    'badaspec',
    '3.1.2.14',
    'white space inside angle brackets',
    'taken',
    {
      start: 'OPTIONS sip:user@example.org SIP/2.0',
      to: '"Watson, Thomas" < sip:t.watson@example.org >',
    },
    'The URI is read without it, as the RFC suggests.',
  ],
  [
    'baddn',
    '3.1.2.15',
    'a comma in a display name without quotes',
    { answered: 400 },
    {
      start: 'OPTIONS sip:t.watson@example.org SIP/2.0',
      from: 'Bell, Alexander <sip:a.g.bell@example.com>;tag=43',
    },
  ],
  [
    'badvers',
    '3.1.2.16',
    'another version of SIP',
    { answered: 505 },
    { start: 'OPTIONS sip:t.watson@example.org SIP/7.0' },
  ],
  [
    'mismatch01',
    '3.1.2.17',
    'a CSeq of another method',
    { answered: 400 },
    { start: 'OPTIONS sip:user@example.com SIP/2.0', cseq: '8 INVITE' },
  ],
  [
    'mismatch02',
    '3.1.2.18',
    'a CSeq of another method, with an unknown method',
    { answered: 400 },
    { start: 'NEWMETHOD sip:user@example.com SIP/2.0', cseq: '8 INVITE' },
    'The RFC allows 501 as well.',
  ],
  [
    'bigcode',
    '3.1.2.19',
    'a status code out of range',
    'dropped',
    { start: 'SIP/2.0 4294967301 better not break the receiver' },
  ],
  [
    'badbranch',
    '3.2.1',
    'a branch that is the cookie alone',
    'taken',
    { start: 'OPTIONS sip:user@example.com SIP/2.0', via: 'SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK' },
    'Its transaction is identified as those of RFC 2543 are.',
  ],
  [
    'insuf',
    '3.3.1',
    'no Call-ID, From and To',
    { answered: 400 },
    { start: 'INVITE sip:user@example.com SIP/2.0', from: null, to: null, callId: null },
  ],
  [
    'unkscm',
    '3.3.2',
    'a Request-URI of an unknown scheme',
    'taken',
    { start: 'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0' },
    'A script can still answer; it cannot be relayed.',
  ],
  [
    'novelsc',
    '3.3.3',
    'a Request-URI of a scheme that is not for this',
    'taken',
    { start: 'OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0' },
    'As unkscm.',
  ],
  [
    'unksm2',
    '3.3.4',
    'unknown schemes in To, From and Contact',
    'taken',
    {
      start: 'REGISTER sip:example.com SIP/2.0',
      to: 'isbn:2983792873',
      from: '<http://www.example.com>;tag=3234233',
      more: ['Contact: <name:John_Smith>'],
    },
  ],
  [
    'bext01',
    '3.3.5',
    'Require and Proxy-Require of unknown extensions',
    'taken',
    {
      start: 'OPTIONS sip:user@example.com SIP/2.0',
      more: [
        'Require: nothingSupportsThis',
        'Proxy-Require: noProxiesSupportThis, norDoAnyProxiesSupportThis',
      ],
    },
    'A script that wants to answers 420.',
  ],
  [
    'invut',
    '3.3.6',
    'a body of an unknown type',
    'taken',
    {
      start: 'INVITE sip:user@example.com SIP/2.0',
      more: ['Content-Type: application/unknownformat'],
      body: '<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n',
    },
  ],
  [
    'regaut01',
    '3.3.7',
    'an unknown scheme of authorization',
    'taken',
    {
      start: 'REGISTER sip:example.com SIP/2.0',
      more: ['Authorization: NoOneKnowsThisScheme opaque-data=here'],
    },
  ],
  [
    'multi01',
    '3.3.8',
    'headers twice that may stand once',
    { answered: 400 },
    {
      start: 'INVITE sip:user@company.example.com SIP/2.0',
      more: [
        'CSeq: 5 INVITE',
        'Call-ID: other@192.0.2.1',
        'From: sip:other@example.com;tag=3',
        'To: <sip:x@y>',
      ],
    },
  ],
  [
    'mcl01',
    '3.3.9',
    'two Content-Lengths that differ',
    { answered: 400 },
    {
      start: 'OPTIONS sip:user@example.com SIP/2.0',
      more: ['Content-Length: 13'],
      body: 'There is no way to know',
    },
  ],
  [
    'bcast',
    '3.3.10',
    'a response whose next Via is a broadcast address',
    'taken',
    {
      start: 'SIP/2.0 200 OK',
      via: 'SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923',
      more: [
        'Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23',
        'Contact: <sip:user@host2.example.com>',
      ],
    },
    'Its top Via is not ours, so it goes nowhere (RFC 3261, 18.1.2).',
  ],
  [
    'zeromf',
    '3.3.11',
    'Max-Forwards 0',
    'taken',
    { start: 'OPTIONS sip:user@example.com SIP/2.0', maxForwards: '0' },
    'mf_process_maxfwd_header() says so, and a script answers 483.',
  ],
  [
    'cparam01',
    '3.3.12',
    'an unknown parameter of a Contact',
    'taken',
    {
      start: 'REGISTER sip:example.com SIP/2.0',
      more: ['Contact: sip:+19725552222@gw1.example.net;unknownparam'],
    },
  ],
  [
    'cparam02',
    '3.3.13',
    "an unknown parameter of a Contact's URI",
    'taken',
    {
      start: 'REGISTER sip:example.com SIP/2.0',
      more: ['Contact: <sip:+19725552222@gw1.example.net;unknownparam>'],
    },
  ],
  [
    'regescrt',
    '3.3.14',
    'an escaped Route in a Contact',
    'taken',
    {
      start: 'REGISTER sip:example.com SIP/2.0',
      more: ['Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>'],
    },
  ],
  [
    'sdp01',
    '3.3.15',
    'an Accept that fits no answer',
    'taken',
    {
      start: 'INVITE sip:user@example.com SIP/2.0',
      more: ['Accept: text/nobodyKnowsThis', 'Content-Type: application/sdp'],
      body: SDP,
    },
    'The callee answers 406.',
  ],
  [
    'inv2543',
    '3.4.1',
    'an INVITE as RFC 2543 had it',
    'taken',
    {
      start: 'INVITE sip:UserB@example.com SIP/2.0',
      via: 'SIP/2.0/UDP iftgw.example.com',
      from: '<sip:+1-972-555-2222@iftgw.example.com;user=phone>',
      to: 'sip:+1-303-555-2222@ss1.example.com;user=phone',
      maxForwards: null,
      more: ['Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>', 'Content-Type: application/sdp'],
      body: SDP,
      length: null,
    },
  ],
];

const SDP6 = SDP.replaceAll('IP4 192.0.2.1', 'IP6 2001:db8::20');

/** Of RFC 5118. */
const IPV6_ROWS: readonly Row[] = [
  [
    'ipv6-good',
    '4.1',
    'addresses in brackets',
    'taken',
    {
      start: 'REGISTER sip:[2001:db8::10] SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
      more: ['Contact: "Caller" <sip:caller@[2001:db8::1]>'],
    },
  ],
  [
    'ipv6-bad',
    '4.2',
    'an address without brackets as Request-URI',
    'taken',
    {
      start: 'REGISTER sip:2001:db8::10 SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
    },
    'A script sees it, with no host: relaying it ends in 476.',
  ],
  [
    'port-ambiguous',
    '4.3',
    'what looks like a port is part of the address',
    'taken',
    {
      start: 'REGISTER sip:[2001:db8::10:5070] SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
    },
  ],
  [
    'port-unambiguous',
    '4.4',
    'a port behind the brackets',
    'taken',
    {
      start: 'REGISTER sip:[2001:db8::10]:5070 SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
    },
  ],
  [
    'via-received-param-with-delim',
    '4.5',
    'a received parameter in brackets',
    'taken',
    {
      start: 'BYE sip:[2001:db8::10] SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111',
    },
  ],
  [
    'via-received-param-no-delim',
    '4.5',
    'a received parameter without brackets, as the grammar has it',
    'taken',
    {
      start: 'OPTIONS sip:[2001:db8::10] SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas3',
    },
  ],
  [
    'ipv6-in-sdp',
    '4.6',
    'addresses in SDP, which has no brackets',
    'taken',
    {
      start: 'INVITE sip:user@[2001:db8::10] SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::20];branch=z9hG4bKas3-111',
      more: ['Contact: "Caller" <sip:caller@[2001:db8::20]>', 'Content-Type: application/sdp'],
      body: SDP6,
    },
  ],
  [
    'mult-ip-in-header',
    '4.7',
    'both families in Vias',
    'taken',
    {
      start: 'BYE sip:user@host.example.net SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1]:6050;branch=z9hG4bKas3-111',
      more: [
        'Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKjhja8781hjuaij65144',
        'Via: SIP/2.0/TCP [2001:db8::9:255];branch=z9hG4bK451jj;received=192.0.2.200',
      ],
    },
  ],
  [
    'mult-ip-in-sdp',
    '4.8',
    'media of both families',
    'taken',
    {
      start: 'INVITE sip:user@[2001:db8::10] SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111',
      more: ['Contact: "Caller" <sip:caller@[2001:db8::9:1]>', 'Content-Type: application/sdp'],
      body: `${SDP}m=video 6000 RTP/AVP 31\r\nc=IN IP6 2001:db8::9:1\r\n`,
    },
  ],
  [
    'ipv4-mapped-ipv6',
    '4.9',
    'IPv4-mapped addresses',
    'taken',
    {
      start: 'INVITE sip:user@example.com SIP/2.0',
      via: 'SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19',
      more: [
        'Via: SIP/2.0/UDP [::ffff:192.0.2.2];branch=z9hG4bKas3-111',
        'Contact: "T. desk phone" <sip:ted@[::ffff:192.0.2.2]>',
        'Content-Type: application/sdp',
      ],
      body: SDP.replaceAll('IP4 192.0.2.1', 'IP6 ::ffff:192.0.2.2'),
    },
  ],
  [
    'ipv6-bug-abnf-3-colons',
    '4.10',
    'three colons, which an error in a former grammar allowed',
    'taken',
    {
      start: 'OPTIONS sip:user@[2001:db8::192.0.2.1] SIP/2.0',
      via: 'SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8:::192.0.2.1];branch=z9hG4bKas3-111',
    },
    'siprest sets received itself from where the request came.',
  ],
];

const tests = (rows: readonly Row[]): readonly TortureTest[] =>
  rows.map(([id, section, about, treatment, parts, note]) => ({
    id,
    section,
    about,
    treatment,
    ...(note === undefined ? {} : { note }),
    text: typeof parts === 'string' ? parts : message(id, parts),
  }));

/** RFC 4475. */
export const TORTURE: readonly TortureTest[] = tests(ROWS);
/** RFC 5118. */
export const IPV6_TORTURE: readonly TortureTest[] = tests(IPV6_ROWS);
