/** The uac_redirect module: follows redirects, by rules. Source: modules/uac_redirect of the manual. */
import { messageBranches, relaying } from '../relay/index.ts';
import { defineFunctions, defineModule, type Request, type Run, StateKey } from '../runtime/index.ts';
import { defineParameters, InvalidUse, type Status } from '../script/index.ts';
import { type NameAddr, parseUri } from '../sip/index.ts';
import { cachedRegex } from '../text/index.ts';

const source = 'modules/uac_redirect';

/** How many filters of a kind a message may add, as in OpenSIPS. */
const mostFilters = 6;
const resets = ['reset_all', 'reset_default', 'reset_added', ''] as const;

const parameters = defineParameters([
  {
    name: 'default_filter',
    type: 'string',
    default: 'accept',
    summary: 'What becomes of a contact that no filter matches: `accept` or `deny`.',
  },
  { name: 'deny_filter', type: 'string', default: null, summary: 'Contacts that match it are refused.' },
  { name: 'accept_filter', type: 'string', default: null, summary: 'Contacts that match it are followed.' },
]);

type Kind = 'deny' | 'accept';

interface Filters {
  readonly added: Record<Kind, string[]>;
  /** Whether the filter of the parameter counts. */
  readonly usesDefault: Record<Kind, boolean>;
  /** Contacts that were followed already, so that redirects do not go in circles. */
  readonly followed: Set<string>;
}

const filters = new StateKey<Request, Filters>(
  'redirect filters',
  () => ({
    added: { deny: [], accept: [] },
    usesDefault: { deny: true, accept: true },
    followed: new Set(),
  }),
  { isShared: true },
);

const isMatch = (pattern: string, uri: string) =>
  cachedRegex(pattern, { ignoreCase: true })?.test(uri) === true;

/** Whether a contact may be followed: deny filters first if contacts are accepted by default, else accept filters. */
function mayFollow(run: Run, uri: string): boolean {
  const values = run.parameters(parameters);
  const { added, usesDefault } = run.state(filters);
  const hits = (kind: Kind) => {
    const standard = usesDefault[kind] ? values[`${kind}_filter`] : null;
    return (standard !== null && isMatch(standard, uri)) || added[kind].some((one) => isMatch(one, uri));
  };
  return values.default_filter === 'deny' ? hits('accept') && !hits('deny') : hits('accept') || !hits('deny');
}

const qOf = (contact: NameAddr) => {
  const q = Number(contact.parameter('q') ?? 1);
  return Number.isFinite(q) ? q : 1;
};

/** The contacts of all 3xx of this round, in their order of preference. */
function contactsOf(run: Run, mostOfBranch: number): readonly NameAddr[] {
  const branches = run.state(relaying).proxy?.branches ?? [];
  return branches.flatMap(({ response }) => {
    if (response === null || response.status < 300 || response.status >= 400) return [];
    const contacts = (response.contacts ?? []).filter(({ uri }) => mayFollow(run, uri));
    return contacts.toSorted((a, b) => qOf(b) - qOf(a)).slice(0, mostOfBranch);
  });
}

function followRedirects(run: Run, most: number, mostOfBranch: number): Status {
  const { followed } = run.state(filters);
  const branches = run.state(messageBranches);
  let count = 0;
  for (const contact of contactsOf(run, mostOfBranch || Number.POSITIVE_INFINITY)) {
    if (most > 0 && count >= most) break;
    const { uri } = contact;
    const q = contact.parameter('q');
    if (followed.has(uri) || parseUri(uri) === null) continue;
    // the first one becomes the request URI, unless t_relay() would take that for the one as received
    const isFirst = count === 0 && uri !== run.request.message?.requestUri;
    if (isFirst) Object.assign(branches.main, { uri, q, destinationUri: null });
    else if (!branches.add(uri, { q })) break;
    followed.add(uri);
    count++;
  }
  return count > 0 ? 1 : -1;
}

const filterFunction = (kind: Kind) =>
  defineFunctions([
    {
      name: `set_${kind}_filter`,
      arguments: [
        { name: 'filter', type: 'regex', summary: 'A regular expression for URIs of contacts.' },
        {
          name: 'flags',
          type: 'string',
          words: resets,
          summary:
            '`reset_all`, `reset_default` (the filter of the parameter), `reset_added` (those of this message): without these; empty: in addition.',
        },
      ],
      routes: ['failure_route'],
      summary: `Adds a filter of this message: contacts that match it are ${kind === 'deny' ? 'refused' : 'followed'}. -1 after ${mostFilters} filters.`,
      source,
      run: (run, filter, reset) => {
        const { added, usesDefault } = run.state(filters);
        if (cachedRegex(filter) === null) return -1;
        if (reset === 'reset_all' || reset === 'reset_default') usesDefault[kind] = false;
        if (reset === 'reset_all' || reset === 'reset_added') added[kind].length = 0;
        return added[kind].length < mostFilters && added[kind].push(filter) > 0 ? 1 : -1;
      },
    },
  ]);

export const uacRedirect = defineModule({
  name: 'uac_redirect',
  summary: 'Follows redirects (3xx) by rules.',
  source,
  requires: ['tm'],
  parameters,
  validate: ({ default_filter, deny_filter, accept_filter }) => {
    if (default_filter !== 'accept' && default_filter !== 'deny')
      throw new InvalidUse(`default_filter must be accept or deny, not "${default_filter}"`);
    for (const pattern of [deny_filter, accept_filter])
      if (pattern !== null && cachedRegex(pattern) === null)
        throw new InvalidUse(`invalid regular expression "${pattern}"`);
    return [];
  },
  functions: [
    {
      name: 'get_redirects',
      arguments: [
        {
          name: 'max_total',
          type: 'int',
          optional: true,
          summary: 'The most contacts; 0, the default: all.',
        },
        {
          name: 'max_branch',
          type: 'int',
          optional: true,
          summary: 'The most contacts of one 3xx, the highest q first; 0, the default: all.',
        },
      ],
      routes: ['failure_route'],
      summary:
        'Takes the contacts of all 3xx as request URI and further branches, for t_relay(); each is followed once. -1 if there are none.',
      source,
      run: (run, most = 0, mostOfBranch = 0) => followRedirects(run, most, mostOfBranch),
    },
    ...filterFunction('deny'),
    ...filterFunction('accept'),
  ],
});
