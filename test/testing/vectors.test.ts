/**
 * The conformance vectors of relaying and REST, on the simulated network: what they say of a server on sockets holds in a
 * test as well, so the code is the same.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Simulation, simulate } from '../../src/testing/index.ts';
import { peerAnswer } from './http-peer.ts';

interface Vector {
  readonly id: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly config?: readonly string[];
  readonly sip: {
    readonly method: string;
    readonly headers: readonly string[];
    readonly body: string;
    readonly ctype?: string;
    readonly then?: string;
    readonly show?: string;
    readonly linger?: string;
  };
  readonly times?: number;
  readonly expect: { readonly replyHeaders?: Readonly<Record<string, string>> };
}

interface Runner {
  configuration(cases: readonly Vector[], modulePath: string): string;
  difference(observed: Vector & { readonly observed: unknown }): string | null;
}

const runnerFile = '../conformance/run.mjs';
const { configuration, difference } = (await import(runnerFile)) as Runner;

/** Vectors that the kit does not pass, each with the reason. */
const known: Readonly<Record<string, string>> = {};

const port = 18_080;
const [server, caller, callee] = [port + 5, port + 6, port + 7];
const address = '127.0.0.1';

const places: Readonly<Record<string, string>> = {
  HTTP: `http://${address}:${port}`,
  REFUSED: `http://${address}:${port + 1}`,
  HOLE: `http://${address}:${port + 2}`,
  CALLEE: `${address}:${callee}`,
};
const place = (text: string) =>
  text.replace(/\b(HTTP|REFUSED|HOLE|CALLEE)\b(?=[/?";>])/g, (name) => places[name] ?? name);
const routeName = ({ id }: Vector) => id.replace(/[^a-z0-9]/gi, '_');

type Fields = readonly (readonly [name: string, value: string])[];

const fieldsOf = (text: string): Fields =>
  (text.split('\r\n\r\n', 1)[0] ?? '')
    .split('\r\n')
    .slice(1)
    .map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]);
const valueOf = (fields: Fields, name: string) => fields.find(([key]) => key === name)?.[1] ?? '';
const allOf = (fields: Fields, name: string) =>
  fields.filter(([key]) => key === name).flatMap(([, value]) => value.split(/,\s*(?=[<"a-z])/i));

function messageOf(vector: Vector, nth: number): string {
  const { method, headers, body, ctype = 'application/sdp' } = vector.sip;
  return [
    `${method} sip:bob@biloxi.example.com SIP/2.0`,
    `Via: SIP/2.0/UDP ${address}:${caller};branch=z9hG4bK${routeName(vector)}${nth};rport`,
    'From: "Alice" <sip:alice@atlanta.example.com>;tag=1928301774',
    'To: Bob <sip:bob@biloxi.example.com>',
    `Call-ID: ${vector.id}-${nth}@oracle`,
    `CSeq: 314159 ${method}`,
    `Contact: <sip:alice@${address}:${caller}>`,
    'Max-Forwards: 70',
    'User-Agent: oracle/1.0',
    `X-Case: ${vector.id}`,
    ...headers.map((header) => place(header).replaceAll('\\r\\n', '\r\n')),
    ...(body === '' ? [] : [`Content-Type: ${ctype}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** What the caller sends after a reply to its INVITE. */
function followUps(vector: Vector, status: number, text: string): readonly string[] {
  const [startLine = '', ...lines] = messageOf(vector, 0).split('\r\n');
  const fields = fieldsOf(text);
  const ruri = startLine.split(' ')[1] ?? '';
  const kept = lines
    .slice(0, lines.indexOf(''))
    .filter((line) => !/^(To|CSeq|Contact|Content-|Via)/.test(line));
  const build = (method: string, to: string, uri = ruri, branch = '', routes: readonly string[] = []) =>
    [
      `${method} ${uri} SIP/2.0`,
      ...kept,
      `Via: SIP/2.0/UDP ${address}:${caller};branch=z9hG4bK${routeName(vector)}0${branch};rport`,
      ...routes.map((route) => `Route: ${route}`),
      `To: ${to}`,
      `CSeq: ${method === 'BYE' ? 314160 : 314159} ${method}`,
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n');
  const to = valueOf(fields, 'to');
  if (status < 200)
    return status > 100 && vector.sip.then === 'CANCEL'
      ? [build('CANCEL', 'Bob <sip:bob@biloxi.example.com>')]
      : [];
  if (status >= 300) return [build('ACK', to)];
  const target = /<([^>]+)>/.exec(valueOf(fields, 'contact'))?.[1] ?? ruri;
  const routes = allOf(fields, 'record-route').reverse();
  const bye = vector.sip.then === 'BYE' ? [build('BYE', to, target, 'bye', routes)] : [];
  return [build('ACK', to, target, 'ack', routes), ...bye];
}

const sdp =
  'v=0\r\no=callee 2 2 IN IP4 192.0.2.22\r\ns=-\r\nc=IN IP4 192.0.2.22\r\nt=0 0\r\nm=audio 2222 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n';

type Plan = readonly (readonly [milliseconds: number, status: string, body?: string])[];

const plans: Readonly<Record<string, Plan>> = {
  busy: [[0, '486 Busy Here']],
  notfound: [[0, '404 Not Found']],
  decline: [[0, '603 Decline']],
  error: [[0, '500 Broken']],
  moved: [[0, '302 Moved']],
  offline: [[0, '408 Request Timeout']],
  away: [[0, '480 Temporarily Unavailable']],
  answer: [
    [0, '180 Ringing'],
    [60, '200 OK', sdp],
  ],
  early: [
    [0, '183 Session Progress', sdp],
    [100, '200 OK', sdp],
  ],
  ring: [
    [0, '180 Ringing'],
    [150, '200 OK'],
  ],
  ringbusy: [
    [0, '180 Ringing'],
    [100, '486 Busy Here'],
  ],
  ringforever: [[0, '180 Ringing']],
  silent: [],
};

/** The called party: the user of its request URI says how it answers. */
function openCallee({ network, clock }: Simulation, log: object[]): void {
  const socket = network.open('udp', address, callee, (data, source) => {
    const text = data.toString('latin1');
    const [, method = '', ruri = ''] = /^([A-Z]+) (\S+) SIP\/2\.0\r\n/.exec(text) ?? [];
    const fields = fieldsOf(text);
    log.push({
      method,
      ruri,
      vias: allOf(fields, 'via').length,
      maxForwards: valueOf(fields, 'max-forwards'),
      recordRoutes: allOf(fields, 'record-route').length,
      routes: allOf(fields, 'route').length,
      extra: Object.fromEntries(fields.filter(([name]) => /^x-(?!case)/.test(name))),
      body: text.split('\r\n\r\n')[1] ?? '',
    });
    if (method === 'ACK') return;
    const to = valueOf(fields, 'to');
    const copied = fields.filter(([name]) =>
      ['via', 'from', 'call-id', 'cseq', 'record-route'].includes(name),
    );
    const reply = (status: string, body = '') => {
      const lines = [
        `SIP/2.0 ${status}`,
        ...copied.map(([name, value]) => `${name}: ${value}`),
        `to: ${to}${to.includes(';tag=') || status.startsWith('100') ? '' : ';tag=callee'}`,
        `contact: <sip:callee@${address}:${callee}>`,
        'x-callee: yes',
        ...(body === '' ? [] : ['content-type: application/sdp']),
        `content-length: ${body.length}`,
        '',
        body,
      ];
      socket.send(Buffer.from(lines.join('\r\n'), 'latin1'), source.address, source.port);
    };
    const user = /sip:([^@;]+)@/.exec(ruri)?.[1] ?? '';
    const usual: Plan = [[0, '200 OK']];
    const plan = ['INVITE', 'OPTIONS', 'MESSAGE'].includes(method) ? (plans[user] ?? usual) : usual;
    for (const [after, status, body] of plan) clock.source.setTimer(after, () => reply(status, body));
  });
}

/** Runs vectors with the same parameters one after the other, on one server. */
async function observe(vectors: readonly Vector[], told: (vector: Vector, why: string | null) => void) {
  await using test = await simulate({ script: configuration(vectors, '') });
  const peer = test.services.on(`${address}:${port}`, peerAnswer);
  test.services.on(`${address}:${port + 1}`, 'refused');
  test.services.on(`${address}:${port + 2}`, 'unreachable');
  const forwarded: object[] = [];
  openCallee(test, forwarded);
  let current: Vector | null = null;
  let replies: (readonly [number, string])[] = [];
  let seen: Record<string, string> = {};
  const wrong = new Set<string>();
  const followed = new Set<number>();
  const socket = test.network.open('udp', address, caller, (data) => {
    const text = data.toString('latin1');
    const [, digits, reason = ''] = /^SIP\/2.0 (\d+) (.*)\r\n/.exec(text) ?? [];
    const fields = fieldsOf(text);
    if (digits === undefined || current === null) return;
    if (!valueOf(fields, 'call-id').startsWith(`${current.id}-`)) return;
    const [status, cseq] = [Number(digits), valueOf(fields, 'cseq')];
    replies.push([status, cseq.endsWith(current.sip.method) ? reason : `${reason} (${cseq.split(' ')[1]})`]);
    if (status > 100 && !/;\s*tag=/.test(valueOf(fields, 'to'))) wrong.add(`the ${status} has no To tag`);
    if (!/;rport=\d+/.test(valueOf(fields, 'via'))) wrong.add(`the ${status}'s Via has no rport`);
    const shown = [
      ...Object.keys(current.expect.replyHeaders ?? {}),
      ...(current.sip.show?.split(' ') ?? []),
    ];
    for (const name of shown)
      seen[name] = name === 'body' ? text.slice(text.indexOf('\r\n\r\n') + 4) : valueOf(fields, name);
    if (!cseq.endsWith('INVITE') || followed.has(status)) return;
    if (status !== 100) followed.add(status);
    for (const next of followUps(current, status, text))
      socket.send(Buffer.from(next, 'latin1'), address, server);
  });
  for (const vector of vectors) {
    current = vector;
    replies = [];
    seen = {};
    wrong.clear();
    followed.clear();
    forwarded.length = 0;
    const [printed, asked] = [test.printed.length, peer.requests.length];
    for (let nth = 0; nth < (vector.times ?? 1); nth++) {
      socket.send(Buffer.from(messageOf(vector, nth), 'latin1'), address, server);
      for (let waited = 0; waited < 5000; waited += 10) {
        await test.clock.advance(10);
        if (replies.filter(([status]) => status >= 200).length > nth) break;
      }
    }
    await test.clock.advance(Number(vector.sip.linger ?? 0) + 60);
    const text = test.printed.slice(printed).join('\n');
    const marked = new RegExp(`@@${vector.id}\\|([\\s\\S]*?)\\|@@`, 'g');
    const requests = peer.requests.slice(asked).map(({ body, headerList, ...request }) => ({
      ...request,
      headers: Object.fromEntries(headerList.map(([name, value]) => [name.toLowerCase(), value])),
      body: body.length > 300 ? `<${body.length} bytes>` : body,
    }));
    const observed = {
      prints: [...text.matchAll(marked)].map(([, print]) => print),
      replies,
      replyHeaders: seen,
      wrong: [...wrong],
      requests,
      connections: new Set(requests.map(({ connection }) => connection)).size,
      forwarded: [...forwarded],
    };
    told(vector, difference({ ...vector, observed }));
  }
}

describe.each(['routes', 'rest'])('%s.json', (name) => {
  it('passes on the simulated network as on sockets', async () => {
    const vectors = JSON.parse(readFileSync(`test/conformance/vectors/${name}.json`, 'utf8')) as Vector[];
    const groups = new Map<string, Vector[]>();
    for (const vector of vectors) {
      const key = JSON.stringify([vector.params, vector.config]);
      groups.set(key, [...(groups.get(key) ?? []), vector]);
    }
    const outcomes = new Map<string, string | null>();
    for (const group of groups.values())
      for (let i = 0; i < group.length; i += 40)
        await observe(group.slice(i, i + 40), ({ id }, why) => outcomes.set(id, why));
    const failures = Object.fromEntries([...outcomes].filter(([id, why]) => why !== null && !(id in known)));
    expect(failures).toEqual({});
    expect(outcomes.size).toBe(vectors.length);
    // whoever passes is not listed
    expect(Object.keys(known).filter((id) => outcomes.get(id) === null)).toEqual([]);
  });
});
