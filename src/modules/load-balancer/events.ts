/** The event of load_balancer. Source: modules/load_balancer of the manual. */
import type { EventSpec } from '../../script/index.ts';

export const statusEvent = 'E_LOAD_BALANCER_STATUS';

export const events: readonly EventSpec[] = [
  {
    name: statusEvent,
    attributes: [
      { name: 'group', summary: 'The group of the destination.' },
      { name: 'uri', summary: 'Its URI.' },
      { name: 'status', summary: '`enabled` or `disabled`.' },
    ],
    summary: 'A destination was enabled or disabled.',
    source: 'modules/load_balancer',
  },
];
