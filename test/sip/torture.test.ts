import { describe, expect, it } from 'vitest';
import { forwardRequest } from '../../src/sip/forward.ts';
import type { ParsedMessage, SipRequest } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { ProxyCore } from '../../src/sip/proxy-core.ts';
import { buildReply } from '../../src/sip/reply.ts';
import { SocketRegistry } from '../../src/sip/socket-registry.ts';
import { TransactionTable } from '../../src/sip/transaction-table.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { bytes, RecordingTransport, SOURCE } from './simulated.ts';
import { IPV6_TORTURE, TORTURE, type TortureTest } from './torture.ts';

const parsed = (text: string): ParsedMessage => parseMessage(bytes(text), SOURCE);
const OWN = { transport: 'UDP', host: '192.0.2.1', port: 5060, branch: 'z9hG4bK0.aaaaaaaaaaaaaaaaaaaaaaaa' };

function request(id: string): SipRequest {
  const message = parsed([...TORTURE, ...IPV6_TORTURE].find((test) => test.id === id)?.text ?? '');
  if (message.kind !== 'request') throw new Error(`${id} is not a request: ${JSON.stringify(message)}`);
  return message;
}

describe.each<[rfc: string, all: readonly TortureTest[], count: number]>([
  ['RFC 4475', TORTURE, 49],
  ['RFC 5118', IPV6_TORTURE, 11],
])('%s', (_rfc, all, count) => {
  it('is complete here', () => {
    expect(new Set(all.map(({ id }) => id)).size).toBe(count);
  });

  it.each(all.map((test) => [test.section, test.id, test.about, test] as const))(
    '%s %s: %s',
    (_section, _id, _about, { text, treatment }) => {
      const message = parsed(text);
      if (treatment === 'taken') expect(message.kind).not.toBe('malformed');
      else if (message.kind !== 'malformed') throw new Error('it was taken');
      else if (treatment === 'dropped') expect(message.answerable).toBeNull();
      else {
        expect(message.status).toBe(treatment.answered);
        if (message.answerable === null) throw new Error('it gets no answer');
        const reply = buildReply(message.answerable, { status: message.status, toTag: 'x' }).toString(
          'latin1',
        );
        expect(reply.startsWith(`SIP/2.0 ${treatment.answered} `)).toBe(true);
        expect(reply).toMatch(/^Via: .*;received=192\.0\.2\.9/m);
      }
    },
  );

  it.each(all.filter(({ treatment }) => treatment === 'taken').map(({ id, text }) => [id, text]))(
    '%s goes on as it is',
    (_, text) => {
      const message = parsed(text ?? '');
      if (message.kind !== 'request') return;
      const next = parseMessage(forwardRequest(message, OWN, {}, true).bytes());
      if (next.kind !== 'request') throw new Error(`broken: ${JSON.stringify(next)}`);
      expect(next.vias).toHaveLength(message.vias.length + 1);
      expect(next.body).toBe(message.body);
      const ignored = new Set(['via', 'content-length', 'max-forwards']);
      const others = (of: SipRequest): string[] =>
        of.headers.filter(({ key }) => !ignored.has(key)).map(({ name, value }) => `${name}: ${value}`);
      expect(others(next)).toEqual(others(message));
    },
  );
});

describe('RFC 5118', () => {
  it.each([
    ['port-ambiguous', '[2001:db8::10:5070]', null],
    ['port-unambiguous', '[2001:db8::10]', 5070],
  ])('%s names its host and port', (id, host, port) => {
    const { requestUriParts } = request(id);
    expect([requestUriParts?.host, requestUriParts?.port]).toEqual([host, port]);
  });
});

describe('RFC 4475', () => {
  it('wsinv is parsed with all its white space', () => {
    const message = request('wsinv');
    expect(message.vias.map(({ host, branch }) => [host, branch])).toEqual([
      ['192.0.2.2', '390skdjuw'],
      ['spindle.example.com', 'z9hG4bK9ikj8'],
      ['192.168.255.111', 'z9hG4bK30239'],
    ]);
    expect([message.toTag, message.fromTag, message.cseq]).toEqual([
      '42',
      '98asjd8',
      { number: 9, method: 'INVITE' },
    ]);
    expect(message.header('subject')).toBe('');
    expect(message.body).toHaveLength(150);
  });

  it('dblreq ends with its body', () => {
    expect(forwardRequest(request('dblreq'), OWN, {}, false).bytes().includes('joe@example.com')).toBe(false);
  });

  it('badbranch does not match two requests to one transaction', () => {
    const table = new TransactionTable();
    const one = request('badbranch');
    const text = TORTURE.find(({ id }) => id === 'badbranch')?.text ?? '';
    const other = parsed(text.replace('Call-ID: ', 'Call-ID: other-'));
    if (other.kind !== 'request') throw new Error('no request');
    expect(table.create(one)).not.toBeNull();
    expect(table.find(one)).not.toBeNull();
    expect(table.find(other)).toBeNull();
    table.close();
  });

  it('bcast is dropped', () => {
    const transport = new RecordingTransport(new SimulatedClock());
    const sockets = new SocketRegistry();
    sockets.add(transport);
    const message = parsed(TORTURE.find(({ id }) => id === 'bcast')?.text ?? '');
    if (message.kind !== 'response') throw new Error('no response');
    expect(new ProxyCore({ sockets }).forwardResponseStateless(message)).toBe(false);
    expect(transport.sent).toEqual([]);
  });
});
