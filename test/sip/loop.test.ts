import { describe, expect, it } from 'vitest';
import { branchLoopDigest, branchProcess, newBranch } from '../../src/sip/branch.ts';
import type { SipRequest } from '../../src/sip/message.ts';
import { parseMessage } from '../../src/sip/parse-message.ts';
import { ProxyCore } from '../../src/sip/proxy-core.ts';
import { SocketRegistry } from '../../src/sip/socket-registry.ts';
import { SimulatedClock } from '../../src/timers/simulated-clock.ts';
import { bytes, RecordingTransport, request } from './simulated.ts';

const TARGET = { address: '127.0.0.9', port: 5070, transport: 'udp' } as const;

describe('a request that comes back', () => {
  const transport = new RecordingTransport(new SimulatedClock());
  const sockets = new SocketRegistry();
  sockets.add(transport);
  const core = new ProxyCore({ sockets });

  function sentOn(received: SipRequest, uri?: string): SipRequest {
    core.forwardStateless(received, TARGET, uri === undefined ? {} : { edits: { uri } });
    const message = parseMessage(bytes(transport.sent.at(-1)?.text ?? ''));
    if (message.kind !== 'request') throw new Error('no request');
    return message;
  }

  it('is a loop if it is the forwarded request', () => {
    const first = request();
    expect(core.isLooped(first)).toBe(false);
    expect(core.isLooped(sentOn(first))).toBe(true);
    expect(core.isLooped(sentOn(sentOn(first)))).toBe(true);
  });

  it('is a spiral with another Request-URI, until that comes a second time', () => {
    const there = sentOn(request(), 'sip:carol@example.com');
    expect(core.isLooped(there)).toBe(false);
    const back = sentOn(there, 'sip:bob@biloxi.example.com');
    expect(core.isLooped(back)).toBe(true);
  });

  it('is not one if another element has the same digest', () => {
    const other = sentOn(request());
    const text = other.raw.replace('127.0.0.1:5060', '127.0.0.5:5060');
    const message = parseMessage(bytes(text));
    expect(message.kind === 'request' && core.isLooped(message)).toBe(false);
  });
});

describe('a branch', () => {
  it('identifies its owner and the forwarded request', () => {
    const branch = newBranch(12, '0123abcd');
    expect([branchProcess(branch), branchLoopDigest(branch)]).toEqual([12, '0123abcd']);
    expect([branchProcess(newBranch(7)), branchLoopDigest(newBranch(7))]).toEqual([7, null]);
    expect(branchProcess(`${branch}0`)).toBeNull();
  });
});
