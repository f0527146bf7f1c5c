/** The event of dispatcher. Source: modules/dispatcher of the manual; scenarios dispatcher-event-on-mark, dispatcher-probing-fails. */
import type { EventSpec } from '../../script/index.ts';

export const statusEvent = 'E_DISPATCHER_STATUS';

export const events: readonly EventSpec[] = [
  {
    name: statusEvent,
    attributes: [
      { name: 'partition', summary: 'The partition of the destination.' },
      { name: 'group', summary: 'Its set.' },
      { name: 'address', summary: 'Its URI.' },
      { name: 'status', summary: '`active`, or `inactive` for one that is inactive or probing.' },
    ],
    summary: 'A destination has become active, or is no longer.',
    source: 'modules/dispatcher',
  },
];
