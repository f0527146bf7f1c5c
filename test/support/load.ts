/**
 * Calls over UDP at some rate, by a client that sends a request again as RFC 3261 says: what a lost datagram or a
 * process that died does to its calls is what it does to a real client's.
 */
import dgram from 'node:dgram';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { requestText, type SipRequestText } from './sip-client.ts';

export interface LoadOptions {
  /** A UDP port of 127.0.0.1. */
  readonly port: number;
  /** Calls a second, begun by the clock whether or not those before have ended; or how many there are at a time. */
  readonly pace: { readonly rate: number } | { readonly atATime: number };
  /** After so many it ends by itself. */
  readonly count: number;
  /** What the nth call asks, from 0; its Call-ID is made up where it has none. Default: an OPTIONS. */
  readonly request?: (nth: number) => SipRequestText;
  /** The times of RFC 3261, section 17, in ms: 500 and 4000. Null: nothing is sent again. */
  readonly timers?: { readonly t1: number; readonly t2: number } | null;
  /** A call without an answer is given up after this many seconds. Default 32: 64 times T1. */
  readonly giveUpAfter?: number;
  /** Called when a call has ended. */
  readonly onEnd?: (call: LoadCall) => void;
}

export interface LoadCall {
  readonly nth: number;
  readonly callId: string;
  /** When it was first sent, as of `performance.now()`. */
  readonly sentAt: number;
  /** How often the request was sent. */
  sends: number;
  /** Of the final reply; 0 when there was none. */
  status: number;
  /** Status and reason; '' as long as there is no final reply. */
  reply: string;
  /** Whether the final reply said when to come again. */
  retryAfter: boolean;
  /** From the first request to the final reply, in ms; infinity as long as there is none. */
  time: number;
}

/** State that a call needs until its final reply. */
interface Running {
  readonly call: LoadCall;
  readonly text: string;
  timer: NodeJS.Timeout | null;
  /** Until it is sent again, in ms. */
  wait: number;
}

export interface Load {
  /** In the order in which they were begun; those that run as well. */
  readonly calls: readonly LoadCall[];
  /** All calls, when each has its final reply or was given up. */
  readonly done: Promise<readonly LoadCall[]>;
  /** For how long this process, and so maybe the whole machine, has stood still at most, in ms. */
  readonly lag: number;
  /** No further call begins. */
  stop(): void;
}

const standard = { t1: 500, t2: 4000 };
let loads = 0;

/** Starts it; it ends by itself. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const {
    port,
    pace,
    count,
    request = (): SipRequestText => ({}),
    timers = standard,
    giveUpAfter = 32,
    onEnd,
  } = options;
  const socket = dgram.createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const own = socket.address().port;
  const host = `${process.pid}.${++loads}.load`;
  const calls: LoadCall[] = [];
  const running = new Map<string, Running>();
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  let last = count;
  let finish: (all: readonly LoadCall[]) => void = () => undefined;
  const done = new Promise<readonly LoadCall[]>((resolve) => {
    finish = resolve;
  });

  const begin = (): void => {
    const nth = calls.length;
    const wanted = request(nth);
    const callId = wanted.callId ?? `${nth}@${host}`;
    const call: LoadCall = {
      nth,
      callId,
      sentAt: performance.now(),
      sends: 0,
      status: 0,
      reply: '',
      retryAfter: false,
      time: Number.POSITIVE_INFINITY,
    };
    calls.push(call);
    const text = requestText({ ...wanted, callId }, own);
    const one: Running = { call, text, timer: null, wait: timers?.t1 ?? giveUpAfter * 1000 };
    running.set(callId, one);
    send(one);
  };

  const send = (one: Running): void => {
    const left = one.call.sentAt + giveUpAfter * 1000 - performance.now();
    if (left <= 0) return end(one);
    one.call.sends++;
    socket.send(one.text, port, '127.0.0.1');
    one.timer = setTimeout(timers === null ? end : send, Math.min(one.wait, left), one);
    // timer A doubles for ever, timer E up to T2 (17.1.1.2, 17.1.2.2)
    const doubled = 2 * one.wait;
    one.wait = one.text.startsWith('INVITE ') ? doubled : Math.min(doubled, timers?.t2 ?? doubled);
  };

  const end = ({ call, timer }: Running): void => {
    if (timer !== null) clearTimeout(timer);
    running.delete(call.callId);
    onEnd?.(call);
    if ('atATime' in pace && calls.length < last) begin();
    if (running.size === 0 && calls.length >= last) close();
  };

  let isOver = false;
  const close = (): void => {
    if (isOver) return;
    isOver = true;
    if (pacer !== null) clearInterval(pacer);
    // a final reply to an INVITE that comes again would want another ACK
    setTimeout(() => socket.close(), 100);
    delays.disable();
    finish(calls);
  };

  socket.on('message', (data) => {
    const text = data.toString('latin1');
    const status = Number(/^SIP\/2\.0 (\d{3}) /.exec(text)?.[1]);
    const callId = /^Call-ID: (.*)\r$/im.exec(text)?.[1] ?? '';
    const one = running.get(callId);
    if (one === undefined || !(status >= 100)) return;
    const isInvite = one.text.startsWith('INVITE ');
    if (status < 200) {
      // an INVITE is there now and is not sent again, anything else more seldom (17.1.1.2, 17.1.2.2)
      one.wait = isInvite ? giveUpAfter * 1000 : (timers?.t2 ?? one.wait);
      return;
    }
    const { call } = one;
    call.status = status;
    call.reply = text.slice('SIP/2.0 '.length, text.indexOf('\r\n'));
    call.retryAfter = /^Retry-After: \d/im.test(text);
    call.time = performance.now() - call.sentAt;
    if (isInvite) socket.send(acknowledgement(one.text, text), port, '127.0.0.1');
    end(one);
  });

  let pacer: NodeJS.Timeout | null = null;
  const began = performance.now();
  if ('rate' in pace) {
    const tick = (): void => {
      // by the clock, so that a late timer is made up for
      const due = Math.min(last, ((performance.now() - began) / 1000) * pace.rate);
      while (calls.length < due) begin();
      if (calls.length >= last && pacer !== null) clearInterval(pacer);
    };
    pacer = setInterval(tick, Math.max(1000 / pace.rate, 5));
  } else while (calls.length < Math.min(pace.atATime, last)) begin();

  return {
    calls,
    done,
    get lag() {
      return delays.max / 1e6;
    },
    stop() {
      last = Math.min(last, calls.length);
      if (running.size === 0) close();
    },
  };
}

/** The ACK to a negative reply, in the transaction of the INVITE (17.1.1.3). */
function acknowledgement(invite: string, reply: string): string {
  const kept = invite.split('\r\n').filter((line) => /^(?:INVITE|Via:|From:|Call-ID:|CSeq:)/.test(line));
  const lines = kept.map((line) => line.replace(/^INVITE/, 'ACK').replace(/^(CSeq: \d+) .*/, '$1 ACK'));
  const to = /^To: .*$/im.exec(reply.replaceAll('\r', ''))?.[0] ?? 'To: <sip:bob@biloxi.example.com>';
  return [...lines, to, 'Max-Forwards: 70', 'Content-Length: 0', '', ''].join('\r\n');
}

/** How long a machine may stand still before what waits on it is refused, in ms; half of what the server bears. */
const standstill = 125;

/** Without those that were refused because the machine stood still: with much else to do it has too little for this. */
export function served<Call extends LoadCall>(calls: readonly Call[], { lag }: Load): readonly Call[] {
  return lag < standstill ? calls : calls.filter(({ status }) => status !== 503);
}

/** How often there was which reply: `{ '200 OK': 1200, '500 rc -1': 17 }`; none at all is `none`. */
export function tally(
  calls: readonly LoadCall[],
  key: (call: LoadCall) => string = ({ reply }) => reply,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const call of calls) {
    const name = key(call) || 'none';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** The time below which so many (0 to 1) of the calls were answered, in ms. */
export function quantile(calls: readonly LoadCall[], part: number): number {
  const times = calls.map(({ time }) => time).sort((a, b) => a - b);
  return times[Math.min(Math.floor(part * times.length), times.length - 1)] ?? Number.NaN;
}
