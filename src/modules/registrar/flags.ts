/** The flags of save() and lookup(). Source: modules/registrar of the manual. */
import { defineFlags } from '../flags.ts';

export const saveFlags = defineFlags({
  names: [
    ...[
      'memory-only',
      'no-reply',
      'force-registration',
      'path-off',
      'path-lazy',
      'path-strict',
      'path-received',
    ],
    ...['only-request-contacts', 'socket-header'],
  ],
  valued: ['max-contacts', 'min-expires', 'max-expires', 'matching-mode'],
  letters: {
    m: 'memory-only',
    r: 'no-reply',
    c: 'max-contacts',
    f: 'force-registration',
    p0: 'path-off',
    p1: 'path-lazy',
    p2: 'path-strict',
    v: 'path-received',
    o: 'only-request-contacts',
    s: 'socket-header',
    e: 'min-expires',
    E: 'max-expires',
    M: 'matching-mode',
  },
});

export const lookupFlags = defineFlags({
  names: [
    ...[
      'no-branches',
      'to-branches-only',
      'branch',
      'method-filtering',
      'case-insensitive',
      'extended-regexp',
    ],
    ...['global', 'sort-by-latency'],
  ],
  valued: ['ua-filtering', 'max-ping-latency'],
  letters: {
    b: 'no-branches',
    B: 'to-branches-only',
    r: 'branch',
    m: 'method-filtering',
    i: 'case-insensitive',
    e: 'extended-regexp',
    g: 'global',
    y: 'max-ping-latency',
    Y: 'sort-by-latency',
  },
});
