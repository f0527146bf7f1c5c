/** Commands of the ng protocol: what they say about a message, and what their answers mean. Source: scenarios rtpengine-*. */
import { isIP, isIPv6 } from 'node:net';
import type { Run } from '../../runtime/index.ts';
import type { SipMessage } from '../../sip/index.ts';
import { cachedRegex } from '../../text/index.ts';
import { textOf } from '../parameter-text.ts';
import { at, type Bencoded, type Dictionary, decode, encode, isDictionary } from './bencode.ts';
import type { Flags } from './flags.ts';
import { parameters } from './parameters.ts';

/** Which tags a command has: those of the message, that of its sender, those in its flags, or none unless `to-tag` asks for it. */
export type Tags = 'both' | 'from' | 'given' | 'none';

export interface Command {
  readonly callId: string;
  readonly text: string;
}

/** The dialog's tags as the receiver of an answer sees them: in a reply to an answer, and a request to an offer, those of the caller come first. */
function tagsOf(message: SipMessage, isAnswer: boolean): readonly [from: string | null, to: string | null] {
  const { fromTag: from, toTag: to } = message;
  return (message.kind === 'response') === isAnswer ? [from, to] : [to, from];
}

/** The value of via-branch; undefined without the flag, null if it cannot be found. */
function branchId(run: Run, { own }: Flags): string | null | undefined {
  const custom = own.get('via-branch-param');
  const place = own.get('via-branch');
  if (custom !== undefined || place === undefined) return custom;
  if (place === 'extra') return textOf(run, run.parameters(parameters).extra_id_pv);
  const automatic = run.message?.kind === 'response' ? '2' : '1';
  const number = place === 'auto' ? automatic : place;
  return /^[12]$/.test(number) ? (run.message?.vias[Number(number) - 1]?.branch ?? null) : null;
}

/** The command about the message of a run; a string says why there is none. */
export function commandOf(
  run: Run,
  verb: string,
  flags: Flags,
  more: { readonly tags: Tags; readonly keys?: Readonly<Record<string, Bencoded>> },
): Command | string {
  const { message } = run;
  const { own, words, keys } = flags;
  const callId = own.get('call-id') ?? message?.callId;
  if (callId === undefined) return 'there is no message: use the flag call-id';
  const fields: Record<string, Bencoded> = { command: verb, 'call-id': callId };
  const put = (name: string, value: string | null | undefined): void => {
    if (value != null && value !== '') fields[name] = value;
  };
  const branch = branchId(run, flags);
  if (branch === null) return `no branch is known for via-branch=${own.get('via-branch')}`;
  put('via-branch', branch);
  const { tags } = more;
  const [from, to] = message === null ? [null, null] : tagsOf(message, verb === 'answer');
  if (tags !== 'none') put('from-tag', own.get('from-tag') ?? (tags === 'given' ? null : from));
  const wantsTo = tags === 'both' || (tags === 'none' && words.has('to-tag'));
  put('to-tag', own.get('to-tag') ?? (wantsTo ? to : null));
  if (verb === 'answer' && (fields['from-tag'] === undefined || fields['to-tag'] === undefined))
    return 'an answer needs the tags of both sides';
  const source = own.get('received-from') ?? message?.source.address;
  if (source !== undefined && isIP(source) === 0) return `received-from=${source} is not an address`;
  if (source !== undefined) fields['received-from'] = [source, isIPv6(source) ? 'IP6' : 'IP4'];
  return { callId, text: encode({ ...fields, ...more.keys, ...keys }) };
}

export type Answer =
  | { readonly kind: 'ok'; readonly fields: Dictionary }
  | { readonly kind: 'error'; readonly reason: string }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** The meaning of an answer. */
export function readAnswer(text: string): Answer {
  const value = text.startsWith('{') ? fromJson(text) : decode(text);
  const result = at(value, 'result');
  if (!isDictionary(value) || typeof result !== 'string')
    return { kind: 'unreadable', reason: 'its answer does not follow the ng protocol' };
  if (result === 'ok' || result === 'pong') return { kind: 'ok', fields: value };
  const reason = value['error-reason'] ?? value['message'] ?? result;
  return { kind: 'error', reason: typeof reason === 'string' ? reason : result };
}

/** A dictionary in JSON, which the protocol allows too. */
function fromJson(text: string): Bencoded | undefined {
  try {
    return JSON.parse(text) as Bencoded;
  } catch {
    return undefined;
  }
}

/** Errors that mean that this rtpengine takes no more calls. */
const isFull =
  /^(?:load limit$|Parallel session limit reached|Ran out of ports|CPU usage limit exceeded|Load limit exceeded|Bandwidth limit exceeded)/i;

/** Whether another rtpengine should be asked after this answer; `patterns` are those of extra_failover_error. */
export function isRefusal(text: string, patterns: readonly string[]): boolean {
  const answer = readAnswer(text);
  if (answer.kind !== 'error') return false;
  const { reason } = answer;
  return isFull.test(reason) || patterns.some((one) => cachedRegex(one)?.test(reason) === true);
}
