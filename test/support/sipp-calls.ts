/** SIPp scenarios of calls, for callers and called parties. Each message's first header is its Via. */

const scenario = (name: string, steps: readonly string[]): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="${name}">\n${steps.join('\n')}\n</scenario>\n`;

const send = (lines: readonly string[], attributes = ''): string =>
  `<send ${attributes}><![CDATA[\n${[...lines, 'Content-Length: 0', '', ''].join('\n')}]]></send>`;

const pause = (milliseconds: number): string => `<pause milliseconds="${milliseconds}"/>`;
/** A message that takes longer is lost, in ms. */
const RECEIVE_TIMEOUT = 40_000;
const response = (status: number, attributes = ''): string =>
  `<recv response="${status}" timeout="${RECEIVE_TIMEOUT}" ${attributes}/>`;
const request = (method: string, attributes = ''): string =>
  `<recv request="${method}" timeout="${RECEIVE_TIMEOUT}" ${attributes}/>`;

/** A request of the caller's: the first, the next within the dialog, or one of the transaction begun so many steps before. */
function asCaller(
  method: string,
  number: number,
  kind: 'first' | 'next' | number = 'next',
): readonly string[] {
  const target = kind === 'next' ? '[next_url]' : 'sip:[service]@[remote_ip]:[remote_port]';
  return [
    `${method} ${target} SIP/2.0`,
    `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch${typeof kind === 'number' ? `-${kind}` : ''}];rport`,
    ...(kind === 'next' ? ['[routes]'] : []),
    'From: Caller <sip:caller@[local_ip]:[local_port]>;tag=[pid]c[call_number]',
    `To: Callee <sip:[service]@[remote_ip]:[remote_port]>${kind === 'next' ? '[peer_tag_param]' : ''}`,
    'Call-ID: [call_id]',
    `CSeq: ${number} ${method}`,
    'Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>',
    'Max-Forwards: 70',
  ];
}

/** What a called party answers to the last request. Its Contact is where `-key contact HOST:PORT` says. */
const asCallee = (status: string): readonly string[] => [
  `SIP/2.0 ${status}`,
  '[last_Via:]',
  '[last_Record-Route:]',
  '[last_From:]',
  '[last_To:];tag=[pid]d[call_number]',
  '[last_Call-ID:]',
  '[last_CSeq:]',
  'Contact: <sip:callee@[contact];transport=[transport]>',
];

/** The same where the request was within the dialog. */
const asCalleeAgain = (status: string): readonly string[] =>
  asCallee(status).map((line) => (line.startsWith('[last_To') ? '[last_To:]' : line));

const provisional = [response(100, 'optional="true"'), response(180, 'optional="true"')];
const resent = 'retrans="500"';

export interface CallOptions {
  /** Between the answer and the BYE, in ms. Default 50. */
  readonly talk?: number;
  /** Another INVITE within the call. */
  readonly reinvite?: boolean;
  /** How long it rings, in ms. Default 20. */
  readonly ring?: number;
  /** How long it goes on answering what is repeated after its end, in ms: a network may have lost the answer. Default 0. */
  readonly linger?: number;
}

/**
 * The end of a scenario: the `steps`, which get the attributes of their first messages and begin anew with
 * `next="linger"`, until nothing has arrived for so many ms. A <timewait> would take some of it for an error.
 */
const lingers = (
  milliseconds: number,
  steps: (attributes: string) => readonly string[],
): readonly string[] =>
  milliseconds === 0
    ? []
    : [
        '<label id="linger"/>',
        ...steps(`timeout="${milliseconds}" ontimeout="end"`),
        '<label id="end"/>',
        pause(1),
      ];

/** How long the caller waits for a BYE before it sends its own, where either may end the call, in ms. */
const LONG_TALK = 1000;

/** Keeps who called whom, for a request of the called party's. */
const keepParties = `<action>
<ereg regexp=".*" search_in="hdr" header="From:" assign_to="caller"/>
<ereg regexp=".*" search_in="hdr" header="To:" assign_to="callee"/>
</action>`;

const byeOfCallee = [
  'BYE [next_url] SIP/2.0',
  'Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch];rport',
  '[routes]',
  'From:[$callee];tag=[pid]d[call_number]',
  'To:[$caller]',
  'Call-ID: [call_id]',
  'CSeq: 1 BYE',
  'Max-Forwards: 70',
];

/**
 * A call that is answered, and ended by one in two of either party, which follow the Record-Route. Response time 1 is from
 * the INVITE to its 180.
 */
export const callOfEither = (): string =>
  scenario('caller', [
    send(asCaller('INVITE', 1, 'first'), `${resent} start_rtd="1"`),
    response(100, 'optional="true"'),
    response(180, 'rtd="1"'),
    response(200, 'rrs="true"'),
    send(asCaller('ACK', 1)),
    `<recv request="BYE" timeout="${LONG_TALK}" ontimeout="hang-up"/>`,
    send(
      ['SIP/2.0 200 OK', '[last_Via:]', '[last_From:]', '[last_To:]', '[last_Call-ID:]', '[last_CSeq:]'],
      'next="end"',
    ),
    '<label id="hang-up"/>',
    send(asCaller('BYE', 2), resent),
    response(100, 'optional="true"'),
    response(200),
    '<label id="end"/>',
    '<nop/>',
  ]);

export const calleeOfEither = ({ talk = 50, ring = 20 }: CallOptions = {}): string =>
  scenario('callee', [
    request('INVITE', 'rrs="true"').replace('/>', `>${keepParties}</recv>`),
    send(asCallee('180 Ringing')),
    pause(ring),
    send(asCallee('200 OK'), resent),
    request('ACK'),
    '<nop next="wait" chance="0.5"/>',
    pause(talk),
    send(byeOfCallee, resent),
    response(100, 'optional="true"'),
    response(200, 'next="end"'),
    '<label id="wait"/>',
    request('BYE'),
    send(asCalleeAgain('200 OK')),
    '<label id="end"/>',
    '<nop/>',
  ]);

/** A call that is answered, and ended by the caller. */
export function answeredCall({ talk = 50, reinvite = false, linger = 0 }: CallOptions = {}): string {
  return scenario('caller', [
    send(asCaller('INVITE', 1, 'first'), resent),
    ...provisional,
    response(200, 'rrs="true"'),
    send(asCaller('ACK', 1)),
    pause(talk),
    ...(reinvite
      ? [
          send(asCaller('INVITE', 2), resent),
          ...provisional,
          response(200),
          send(asCaller('ACK', 2)),
          pause(talk),
        ]
      : []),
    send(asCaller('BYE', 3), resent),
    response(100, 'optional="true"'),
    response(200),
    ...lingers(linger, (attributes) => [
      `<recv response="100" optional="true" next="linger" ${attributes}/>`,
      `<recv response="200" next="linger" ${attributes}/>`,
    ]),
  ]);
}

export function answeringCallee({ reinvite = false, ring = 20, linger = 0 }: CallOptions = {}): string {
  // An INVITE that is repeated because the 180 and the 200 were lost, or late on a busy machine: SIPp answers it itself
  // if it has sent one message since, and ends the call if it has sent two. Its timer repeats the 200 anyway.
  const repeated = reinvite ? [] : [request('INVITE', 'optional="true"')];
  return scenario('callee', [
    request('INVITE'),
    send(asCallee('180 Ringing')),
    pause(ring),
    send(asCallee('200 OK'), resent),
    ...repeated,
    // on a network that loses packets the BYE may overtake the ACK
    request('ACK', 'optional="true"'),
    ...(reinvite
      ? [request('INVITE'), send(asCalleeAgain('200 OK'), resent), request('ACK', 'optional="true"')]
      : []),
    ...repeated,
    request('BYE'),
    send(asCalleeAgain('200 OK')),
    ...lingers(linger, (attributes) => [
      `<recv request="ACK" optional="true" next="linger" ${attributes}/>`,
      `<recv request="BYE" ${attributes}/>`,
      send(asCalleeAgain('200 OK'), 'next="linger"'),
    ]),
  ]);
}

/** A call that fails with a status. */
export function failingCall(status: number): string {
  return scenario('caller', [
    send(asCaller('INVITE', 1, 'first'), resent),
    ...provisional,
    response(status),
    send(asCaller('ACK', 1, 4).map((line) => (line.startsWith('To:') ? '[last_To:]' : line))),
  ]);
}

export function failingCallee(status: string): string {
  return scenario('callee', [request('INVITE'), send(asCallee(status), resent), request('ACK')]);
}

/**
 * A caller who hangs up while it rings, or where that is lost on the way, soon. `linger`: how long the answer to its
 * CANCEL may come behind the 487, or again, in ms.
 */
export function cancelledCall(linger = 0): string {
  return scenario('caller', [
    send(asCaller('INVITE', 1, 'first'), resent),
    response(100, 'optional="true"'),
    '<recv response="180" timeout="4000" ontimeout="hang-up"/>',
    pause(50),
    '<label id="hang-up"/>',
    send(asCaller('CANCEL', 1, 4), resent),
    response(200, 'optional="true"'),
    // it rings only now
    response(180, 'optional="true"'),
    response(487),
    send(asCaller('ACK', 1, 8).map((line) => (line.startsWith('To:') ? '[last_To:]' : line))),
    ...lingers(linger, (attributes) => [`<recv response="200" next="linger" ${attributes}/>`]),
  ]);
}

/** A called party that rings until it is cancelled. `linger`: how long a CANCEL that comes again is answered, in ms. */
export function ringingCallee(linger = 0): string {
  const action = '<action><ereg regexp="Via:.*;branch=[^;\r\n]*" search_in="msg" assign_to="vias"/></action>';
  return scenario('callee', [
    request('INVITE').replace('/>', `>${action}</recv>`),
    send(asCallee('180 Ringing')),
    request('CANCEL'),
    '<label id="cancelled"/>',
    send(asCallee('200 OK')),
    send(
      asCallee('487 Request Terminated')
        .filter((line) => !line.startsWith('[last_Record'))
        .map((line) =>
          line === '[last_Via:]' ? '[$vias]' : line === '[last_CSeq:]' ? 'CSeq: 1 INVITE' : line,
        ),
      resent,
    ),
    // its answer was lost
    request('CANCEL', 'optional="true" next="cancelled"'),
    request('ACK'),
    ...lingers(linger, (attributes) => [
      `<recv request="CANCEL" ${attributes}/>`,
      send(asCallee('200 OK'), 'next="linger"'),
    ]),
  ]);
}

/** The scenario with some ms at its end for answering retransmissions: a network may have lost the answer. */
export function lingering(text: string, milliseconds: number): string {
  return text.replace('</scenario>', `<timewait milliseconds="${milliseconds}"/>\n</scenario>`);
}
