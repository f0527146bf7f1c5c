/** What a process counts of dialogs. Source: modules/dialog of the manual, its statistics. */
import { dialogsOf } from '../../dialog/index.ts';
import type { FigureSpec, Host } from '../../runtime/index.ts';

export const dialogFigures: readonly FigureSpec<Host>[] = [
  {
    name: 'dialogs',
    kind: 'gauge',
    unit: 'calls',
    labels: ['state'],
    summary: 'Dialogs by state: `unconfirmed` (no reply yet), `early`, `answered`.',
    read: (host) => {
      const dialogs = host.states.get(dialogsOf);
      return {
        unconfirmed: dialogs.countHere(1),
        early: dialogs.countHere(2),
        answered: dialogs.countHere(3, 4),
      };
    },
  },
  {
    name: 'dialogs_begun',
    kind: 'counter',
    unit: 'calls',
    labels: ['result'],
    summary:
      'Dialogs since the start: `all` of them, those that have `expired`, and those that `failed` before they were answered.',
    read: (host) => {
      const { processed, expired, failed } = host.states.get(dialogsOf).totals;
      return { all: processed, expired, failed };
    },
  },
];
