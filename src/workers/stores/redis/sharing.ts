/** What servers share by a store, and what stays with each of them. */

/** Entries of modules, by their collections; all other collections are those of cachedb_local. */
const collections: Readonly<Record<string, 'limits' | 'own'>> = {
  pike: 'limits',
  ratelimit: 'limits',
  'auth failures': 'limits',
  // how fast a contact answers is measured by the server that pings it
  'usrloc latency': 'own',
};

export const kindOfCollection = (collection: string): 'caches' | 'limits' | 'own' =>
  Object.hasOwn(collections, collection) ? (collections[collection] ?? 'own') : 'caches';

/** Replicated values. Statistics, dialogs and log levels are those of a server. */
export const sharedSpaces: ReadonlySet<string> = new Set([
  '$shv',
  // the states of circuit breakers
  'rest hosts',
  // of each process
  'dialog profiles',
  // contacts
  'usrloc',
  // the secrets of nonces and GRUUs
  'auth',
  'registrar',
  // addresses and users that fail to authenticate
  'auth failures',
]);

/** Locks; that of no_concurrent_connects is for the connections of one server. */
export const isSharedLock = (space: string): boolean => space !== 'connect locks';
