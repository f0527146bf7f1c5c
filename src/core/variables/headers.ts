/** Headers by name, and addresses in headers. Source: the manual's Script-CoreVar page; vectors pvar-hdr*, pvar-from*, pvar-contact*. */

import { maxForwards } from '../../relay/index.ts';
import { callIdOf, defineVariable, defineVariables, type Run } from '../../runtime/index.ts';
import {
  InvalidUse,
  type Value,
  type VariableAccess,
  type VariableSpec,
  type VariableUse,
} from '../../script/index.ts';
import { type NameAddr, parseNameAddr, type SipMessage, unfold } from '../../sip/index.ts';

/** A variable with several values in the message, selected by `[index]`; `[*]` joins them. */
export function indexed(use: VariableUse<Run>, list: (run: Run) => readonly string[]): VariableAccess<Run> {
  const { index } = use;
  if (index === 'append') throw new InvalidUse('[append] is not supported', 'only AVPs can be appended to');
  if (index === 'all') {
    const get = (run: Run) => {
      const values = list(run);
      return values.length === 0 ? null : values.join(', ');
    };
    return { get, list };
  }
  if (typeof index === 'function') {
    return {
      get: (run) => {
        const i = index(run);
        return i === null ? null : (list(run).at(i) ?? null);
      },
    };
  }
  const at = index ?? 0;
  return { get: (run) => list(run).at(at) ?? null, list };
}

const none: readonly string[] = [];

function parseAddress(message: SipMessage, header: string): NameAddr | null {
  const value = message.header(header);
  return value === null ? null : parseNameAddr(unfold(value));
}

const addressIn = ({ message }: Run, header: string) =>
  message === null ? null : parseAddress(message, header);

/** The only header whose compact form the reference treats as a separate header (vector pvar-hdr-compact). */
const asWritten: ReadonlySet<string> = new Set(['subject', 's']);

/**
 * Finds a header by full name or compact form, whichever the message uses (the manual's `$hdr`). Only Max-Forwards,
 * once decremented, reads as it will be sent.
 */
function headerValues(run: Run, name: string): readonly string[] {
  const { message } = run;
  if (message === null) return none;
  const wanted = name.toLowerCase();
  if (wanted === 'max-forwards' && message === run.request.message) {
    const value = run.request.knownState(maxForwards) ?? null;
    if (value !== null && message.header(name) !== null) return [String(value)];
  }
  if (!asWritten.has(wanted)) return message.headerAll(name);
  return message.headers
    .filter((header) => header.name.toLowerCase() === wanted)
    .map((header) => header.value);
}

function address(
  prefix: string,
  header: string,
  read: (message: SipMessage) => NameAddr | null,
  aliases: { readonly uri: string; readonly user: string; readonly domain: string } | null,
): VariableSpec<Run>[] {
  const of = (field: (address: NameAddr) => Value) => () => ({
    get: (run: Run) => {
      const { message } = run;
      const found = message === null ? null : read(message);
      return found === null ? null : field(found);
    },
  });
  return [
    {
      name: `${prefix}u`,
      aliases: aliases === null ? [] : [aliases.uri],
      summary: `The URI of the ${header} header.`,
      resolve: of((a) => a.uri),
    },
    {
      name: `${prefix}U`,
      aliases: aliases === null ? [] : [aliases.user],
      summary: `The user of the ${header} header's URI.`,
      resolve: of((a) => a.uriParts?.user ?? null),
    },
    {
      name: `${prefix}d`,
      aliases: aliases === null ? [] : [aliases.domain],
      summary: `The host of the ${header} header's URI.`,
      resolve: of((a) => a.uriParts?.host ?? null),
    },
    {
      name: `${prefix}n`,
      summary: `The display name of the ${header} header, as written.`,
      resolve: of((a) => a.display),
    },
    ...(prefix === 'p'
      ? []
      : [
          {
            name: `${prefix}t`,
            summary: `The tag of the ${header} header.`,
            resolve: of((a: NameAddr) => a.tag),
          },
        ]),
  ];
}

/** The URI of a header that contains an address. */
function uriOf(name: string, header: string) {
  return defineVariable({
    name,
    summary: `The URI of the ${header} header.`,
    resolve: () => ({ get: (run) => addressIn(run, header)?.uri ?? null }),
  });
}

const contactFields: Readonly<Record<string, (contact: NameAddr) => string | null>> = {
  name: (contact) => contact.display,
  uri: (contact) => contact.uri,
  q: (contact) => contact.parameter('q'),
  expires: (contact) => contact.parameter('expires'),
  methods: (contact) => contact.parameter('methods'),
  received: (contact) => contact.parameter('received'),
  params: (contact) => contact.params,
};

export const headerVariables = defineVariables([
  {
    name: 'hdr',
    subname: 'required',
    indexed: true,
    summary: 'The value of a header: `$(hdr(Via)[1])` is the second, `[-1]` the last, `[*]` all.',
    resolve: (use) => {
      const { subname } = use;
      if (typeof subname === 'function') return indexed(use, (run) => headerValues(run, subname(run)));
      return indexed(use, (run) => headerValues(run, subname));
    },
  },
  {
    name: 'hdrcnt',
    subname: 'required',
    summary: 'The number of header lines with this name.',
    resolve: ({ subname }) => {
      if (typeof subname === 'function') return { get: (run) => headerValues(run, subname(run)).length };
      return { get: (run) => headerValues(run, subname).length };
    },
  },
  {
    name: 'hdr_name',
    indexed: true,
    summary: 'The names of the headers, in message order.',
    resolve: (use) => indexed(use, (run) => run.message?.headers.map((header) => header.name) ?? none),
  },
  ...address('f', 'From', (message) => message.findFrom(), {
    uri: 'from',
    user: 'from.user',
    domain: 'from.domain',
  }),
  ...address('t', 'To', (message) => message.findTo(), { uri: 'to', user: 'to.user', domain: 'to.domain' }),
  ...address('p', 'P-Preferred-Identity', (message) => parseAddress(message, 'P-Preferred-Identity'), null),
  uriOf('ai', 'P-Asserted-Identity'),
  uriOf('di', 'Diversion'),
  uriOf('re', 'Remote-Party-ID'),
  uriOf('rt', 'Refer-To'),
  {
    name: 'dip',
    summary: 'The privacy parameter of the Diversion header.',
    resolve: () => ({ get: (run) => addressIn(run, 'Diversion')?.parameter('privacy') ?? null }),
  },
  {
    name: 'dir',
    summary: 'The reason parameter of the Diversion header.',
    resolve: () => ({ get: (run) => addressIn(run, 'Diversion')?.parameter('reason') ?? null }),
  },
  {
    name: 'ct',
    indexed: true,
    summary: 'A contact: display name, URI and parameters.',
    resolve: (use) => indexed(use, (run) => run.message?.contacts?.map((contact) => contact.text) ?? none),
  },
  {
    name: 'ct.fields',
    subname: Object.keys(contactFields),
    indexed: true,
    summary: 'A part of a contact.',
    resolve: (use) => {
      const field = contactFields[String(use.subname)];
      if (field === undefined)
        throw new InvalidUse(
          `unknown contact part (${String(use.subname)})`,
          Object.keys(contactFields).join(', '),
        );
      const all = (run: Run) => run.message?.contacts ?? [];
      if (use.index === 'all')
        return {
          get: (run) =>
            all(run)
              .map((contact) => field(contact) ?? '')
              .join(', ') || null,
        };
      const at =
        typeof use.index === 'function' ? use.index : () => (typeof use.index === 'number' ? use.index : 0);
      return {
        get: (run) => {
          const i = at(run);
          const contact = i === null ? undefined : all(run).at(i);
          return contact === undefined ? null : field(contact);
        },
      };
    },
  },
  {
    name: 'path',
    summary: 'The Path header.',
    resolve: () => ({ get: (run) => run.message?.header('Path') ?? null }),
  },
  {
    name: 'ua',
    summary: 'The User-Agent header.',
    resolve: () => ({ get: (run) => run.message?.header('User-Agent') ?? null }),
  },
  {
    name: 'ci',
    summary: 'The Call-ID.',
    resolve: () => ({
      get: ({ message, routing }) => (message === null ? null : callIdOf(routing.host, message)),
    }),
  },
  {
    name: 'cs',
    summary: 'The number of the CSeq header, as text.',
    resolve: () => ({ get: (run) => run.message?.findCSeq()?.number.toString() ?? null }),
  },
  {
    name: 'cl',
    summary: 'The Content-Length header: a number, unless it is invalid.',
    resolve: () => ({
      get: (run) => {
        const value = run.message?.header('Content-Length') ?? null;
        return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : value;
      },
    }),
  },
]);
