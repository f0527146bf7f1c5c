import { describe, expect, it } from 'vitest';
import { branchProcess } from '../../src/sip/branch.ts';
import { forwardResponse } from '../../src/sip/forward.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { ProxyCore } from '../../src/sip/proxy-core.ts';
import { buildReply } from '../../src/sip/reply.ts';
import { SocketRegistry } from '../../src/sip/socket-registry.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { bytes, RecordingTransport, request, response } from './simulated.ts';

const TARGET = { address: '127.0.0.9', port: 5070, transport: 'udp' } as const;

function start(reliable = false): { core: ProxyCore; transport: RecordingTransport } {
  const transport = new RecordingTransport(new SimulatedClock(), reliable);
  const sockets = new SocketRegistry();
  sockets.add(transport);
  return { core: new ProxyCore({ sockets, processNumber: 3 }), transport };
}

function branchOf(text: string): string {
  const message = parseMessage(bytes(text));
  return message.kind === 'request' ? (message.via.branch ?? '') : '';
}

describe('forwarding without state', () => {
  it('forwards the request, with a branch that names the process', () => {
    const { core, transport } = start();
    expect(core.forwardStateless(request({}, transport), TARGET)).toBe(true);
    const [sent] = transport.sent;
    expect([sent?.address, sent?.port]).toEqual(['127.0.0.9', 5070]);
    expect(branchProcess(branchOf(sent?.text ?? ''))).toBe(3);
  });

  it('gives a retransmission, the CANCEL and the ACK the same branch, and another request a different one (16.11)', () => {
    const { core, transport } = start();
    const via = 'SIP/2.0/UDP pc33.example.com;branch=z9hG4bKone';
    const send = (method: string, more: object = {}): void => {
      core.forwardStateless(request({ method, via, cseq: `7 ${method}`, ...more }), TARGET);
    };
    send('INVITE', { headers: ['Proxy-Authorization: Digest x="y"'] });
    send('INVITE', { headers: ['Proxy-Authorization: Digest x="y"'] });
    send('CANCEL');
    send('ACK', { to: '<sip:bob@biloxi.example.com>;tag=callee' });
    core.forwardStateless(request({ method: 'INVITE', via: `${via}2` }), TARGET);
    core.forwardStateless(request({ method: 'INVITE', via }), { ...TARGET, port: 5071 });
    const branches = transport.sent.map(({ text }) => branchOf(text));
    expect(new Set(branches.slice(0, 4)).size).toBe(1);
    expect(new Set(branches.slice(3)).size).toBe(3);
  });

  it('recognizes a request without the magic cookie by its headers', () => {
    const { core, transport } = start();
    const old = { via: 'SIP/2.0/UDP pc33.example.com' };
    core.forwardStateless(request(old), TARGET);
    core.forwardStateless(request(old), TARGET);
    core.forwardStateless(request({ ...old, cseq: '8 OPTIONS' }), TARGET);
    const [one, same, other] = transport.sent.map(({ text }) => branchOf(text));
    expect(one).toBe(same);
    expect(one).not.toBe(other);
  });

  it('reports that no socket fits the target', () => {
    const { core } = start();
    expect(core.forwardStateless(request(), { ...TARGET, transport: 'tcp' })).toBe(false);
  });

  it('forwards a response to the source of the request', () => {
    const { core, transport } = start();
    core.forwardStateless(request({}, transport), TARGET);
    const forwarded = parseMessage(bytes(transport.sent[0]?.text ?? ''));
    if (forwarded.kind !== 'request') throw new Error('no request');
    const reply = response(buildReply(forwarded, { status: 200, toTag: 'x' }));
    expect(core.receiveResponse(reply)).toBe('unknown');
    expect(core.forwardResponseStateless(reply)).toBe(true);
    const back = transport.sent[1];
    expect([back?.address, back?.port]).toEqual(['192.0.2.9', 40_000]);
    expect(back?.text).toBe(forwardResponse(reply)?.toString('latin1'));
  });

  const REPLY = (vias: string): string =>
    `SIP/2.0 200 OK\r\n${vias}From: <sip:a@b>;tag=1\r\nTo: <sip:b@c>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n`;
  const OWN = 'Via: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKx\r\n';

  it.each([
    [
      'somebody else on top (18.1.2)',
      'Via: SIP/2.0/UDP 127.0.0.2:5060;branch=z9hG4bKx\r\nVia: SIP/2.0/UDP 127.0.0.3\r\n',
    ],
    ['no other Via', OWN],
    ['a name that nobody resolved', `${OWN}Via: SIP/2.0/UDP pc33.example.com\r\n`],
    ['a transport without a socket', `${OWN}Via: SIP/2.0/TCP 127.0.0.3\r\n`],
    ['an invalid port', `${OWN}Via: SIP/2.0/UDP 127.0.0.3;rport=99999\r\n`],
  ])('drops a response with %s', (_, vias) => {
    const { core, transport } = start();
    expect(core.forwardResponseStateless(response(REPLY(vias)))).toBe(false);
    expect(transport.sent).toEqual([]);
    expect(core.counts).toEqual({ requests: 0, responses: 0, dropped: 1 });
  });

  it.each([
    ['the sent-by', 'SIP/2.0/UDP 127.0.0.3', '127.0.0.3', 5060],
    ['the sent-by with a port', 'SIP/2.0/UDP 127.0.0.3:5099', '127.0.0.3', 5099],
    ['received', 'SIP/2.0/UDP pc33.example.com:5099;received=127.0.0.4', '127.0.0.4', 5099],
    ['received and rport', 'SIP/2.0/UDP x:5099;received=127.0.0.4;rport=6000', '127.0.0.4', 6000],
    ['the sent-by, whatever maddr says', 'SIP/2.0/UDP 127.0.0.3;maddr=127.0.0.7', '127.0.0.3', 5060],
  ])('sends a response by %s (18.2.2)', (_, via, address, port) => {
    const { core, transport } = start();
    expect(core.forwardResponseStateless(response(REPLY(`${OWN}Via: ${via}\r\n`)))).toBe(true);
    expect(transport.sent.map((sent) => [sent.address, sent.port])).toEqual([[address, port]]);
  });

  it('identifies the stream to answer on by its port', () => {
    const { core, transport } = start(true);
    const via = 'SIP/2.0/TCP pc33.example.com;branch=z9hG4bK1';
    core.forwardStateless(request({ via }, transport), { ...TARGET, transport: 'tcp' });
    expect(transport.sent[0]?.text).toContain(';received=192.0.2.9;branch=z9hG4bK1;rport=40000');
  });
});
