/** save(): the registrar of RFC 3261, 10.3. Source: modules/registrar of the manual; scenarios registrar-*. */
import type { Run } from '../../runtime/index.ts';
import type { Status } from '../../script/index.ts';
import { type NameAddr, parseNameAddr, type SipRequest, uriParameter } from '../../sip/index.ts';
import { type Awaitable, andThen, isPending } from '../../timers/index.ts';
import { avpName } from '../parameter-text.ts';
import { raiseAor, raiseContact } from '../usrloc/events.ts';
import { type Contact, type Location, nowhere } from '../usrloc/location.ts';
import { locations } from '../usrloc/locations.ts';
import { addressOfRecord } from './address-of-record.ts';
import { type Bindings, bindingsAfter, type Registration } from './bindings.ts';
import { givenContacts } from './contacts.ts';
import { saveFlags } from './flags.ts';
import { outboundOf } from './outbound.ts';
import { parameters } from './parameters.ts';
import { purrOf } from './purr.ts';
import { featureCaps, hasUnknownProvider } from './push-parameters.ts';
import { answer, type Refusal, refuse } from './reply.ts';

const failed = -2;

/** What a REGISTER, or the answer of another registrar to it, says. */
interface Read {
  readonly registration: Registration;
  readonly message: SipRequest;
  readonly given: NonNullable<ReturnType<typeof givenContacts>>;
}

type Defect = readonly [status: Refusal, text: string];

export function save(
  run: Run,
  table: string,
  flagText: string | undefined,
  aorText: string | undefined,
): Awaitable<Status> {
  const { message } = run.request;
  const { response } = run.subject;
  if (message === null || (response !== undefined && (response.status < 200 || response.status > 299)))
    return -1;
  const flags = saveFlags.parse(flagText ?? '');
  const isAnswered = response === undefined && !flags.has('no-reply');
  const fail = (status: Refusal, text: string, contacts: readonly Contact[] = []): Status => {
    if (isAnswered) refuse(run, status, text, contacts);
    return failed;
  };
  const read = readRegistration(run, message, table, flags, aorText);
  if (!('registration' in read)) return fail(...read);
  const { registration, given } = read;
  const isAll = given.some(({ contact }) => contact.uri === '*');
  let before = nowhere;
  let result: Bindings = { contacts: [], replaced: new Map() };
  const all = run.routing.host.states.get(locations);
  const changed = all.change(table, registration.aor, (current) => {
    before = current;
    if (!isAll) result = bindingsAfter(run, message, registration, before.contacts, given);
    return 'defect' in result ? null : { ...before, contacts: result.contacts };
  });
  return andThen(changed, ({ outcome, written }) => {
    if ('defect' in result) return fail(result.status, result.defect, result.contacts);
    if (outcome === 'full') return fail(503, 'No room for contacts');
    tell(run, registration, before, result);
    keepConnection(run, message, registration, result.contacts);
    const shown = flags.has('only-request-contacts')
      ? result.contacts.filter(({ uri }) => given.some(({ contact }) => contact.uri === uri))
      : result.contacts;
    if (isAnswered) whenWritten(run, written, () => answer(run, shown, answerLines(run, read)));
    return 1;
  });
}

/** Answers when the file has the contacts, or cannot have them now; the script goes on meanwhile. */
function whenWritten({ routing }: Run, written: Awaitable<boolean>, reply: () => void): void {
  if (!isPending(written)) return reply();
  routing.background.begin();
  void written.then(() => {
    reply();
    routing.background.end();
  });
}

/** What the request says, or why it is refused. */
function readRegistration(
  run: Run,
  message: SipRequest,
  table: string,
  flags: ReadonlyMap<string, string>,
  aorText: string | undefined,
): Read | Defect {
  const values = run.parameters(parameters);
  const found = addressOfRecord(run, aorText ?? message.findTo()?.uri ?? '');
  if ('defect' in found) return [found.defect === 'Address Of Record too long' ? 500 : 400, found.defect];
  const forwarded = avpName(values.mcontact_avp);
  const uri = forwarded === null ? null : run.request.avps.get(forwarded);
  const given = givenContacts(run, uri === null ? null : String(uri));
  if (given === null) return [400, 'Failed to parse Contact'];
  const contacts = given.map(({ contact }) => contact);
  if (contacts.some((one) => one.uri === '*')) {
    if (contacts.length > 1) return [400, '* used in contact and more than 1 contact'];
    if (message.header('expires')?.trim() !== '0') return [400, '* used in contact and expires is not zero'];
  }
  if (contacts.some((one) => hasUnknownProvider(values, one)))
    return [555, 'Unsupported push notification provider'];
  const outbound = outboundOf(message, contacts);
  if (outbound === 'refused') return [439, 'First hop lacks outbound support'];
  const supportsPath = message.headerList('supported').some((one) => one.toLowerCase() === 'path');
  const paths = message.headerList('path');
  if (flags.has('path-strict') && paths.length > 0 && !supportsPath) return [420, 'No support for Path'];
  const keepsPath = ['path-off', 'path-lazy', 'path-strict'].some((mode) => flags.has(mode));
  const path = keepsPath && paths.length > 0 ? paths.join(', ') : null;
  const registration: Registration = {
    table,
    aor: found.aor,
    flags,
    path,
    showsPath: flags.has('path-strict') || (flags.has('path-lazy') && supportsPath),
    received: receivedFrom(run, flags, path),
    isOutbound: outbound === 'yes',
    now: run.routing.host.clock.date(),
  };
  return { registration, message, given };
}

/** The header lines of a 200, beside Contact. */
function answerLines(run: Run, { registration, given }: Read): string {
  const { path, showsPath, isOutbound } = registration;
  const contacts: readonly NameAddr[] = given.map(({ contact }) => contact);
  return [
    showsPath && path !== null ? `Path: ${path}\r\n` : '',
    isOutbound ? 'Require: outbound\r\n' : '',
    featureCaps(run.parameters(parameters), contacts, (one) => purrOf(run, registration, one)),
  ].join('');
}

/** Keeps the connection of a registration open as long as its contacts, if the script wants that. */
function keepConnection(
  run: Run,
  { callId, socket }: SipRequest,
  { now }: Registration,
  contacts: readonly Contact[],
): void {
  const flag = run.parameters(parameters).tcp_persistent_flag;
  if (flag === null || !run.request.flags.has(flag)) return;
  const own = contacts.filter((contact) => contact.callId === callId);
  const last = Math.max(now, ...own.map(({ expires }) => expires));
  socket?.keepOpen?.(last - now);
}

/** The address that contacts are reached by: of the first Path, or of the AVP. */
function receivedFrom(run: Run, flags: ReadonlyMap<string, string>, path: string | null): string | null {
  const first = path === null || !flags.has('path-received') ? null : parseNameAddr(path)?.uriParts;
  const ofPath = first == null ? null : uriParameter(first, 'received');
  const name = avpName(run.parameters(parameters).received_avp);
  const ofAvp = name === null ? null : run.request.avps.get(name);
  return ofPath ?? (ofAvp === null ? null : String(ofAvp));
}

/** Raises the events of what has changed. */
function tell(
  run: Run,
  record: Registration,
  before: Location,
  { contacts, replaced }: Extract<Bindings, { readonly replaced: unknown }>,
): void {
  const { routing } = run;
  if (before.contacts.length === 0 && contacts.length > 0) raiseAor(routing, 'INSERT', record);
  for (const one of contacts)
    if (!before.contacts.includes(one))
      raiseContact(routing, replaced.has(one) ? 'UPDATE' : 'INSERT', record, one);
  const kept = new Set<Contact>([...contacts, ...replaced.values()]);
  for (const one of before.contacts) if (!kept.has(one)) raiseContact(routing, 'DELETE', record, one);
  if (before.contacts.length > 0 && contacts.length === 0) raiseAor(routing, 'DELETE', record);
}
