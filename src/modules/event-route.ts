/** The module event_route of older versions. Source: modules/event_route of the manual of OpenSIPS 2.2. */
import { slot } from '../core/index.ts';
import { eventAttributes } from '../engine/index.ts';
import { defineModule, type Run } from '../runtime/index.ts';
import type { Value } from '../script/index.ts';

/** `[name=]$avp(x)`, also with `$var`. */
const item = /^\s*(?:([^=$\s]+)\s*=\s*)?\$(avp|var)\((?:[si]:)?([^()$]+)\)\s*$/;

function store({ request, worker }: Run, kind: string | undefined, name: string, value: Value): boolean {
  if (kind === 'avp') {
    request.avps.replace(name, value);
    return true;
  }
  const at = slot(name);
  if (at >= 0) worker.slots[at] = value;
  return at >= 0;
}

export const eventRoute = defineModule({
  name: 'event_route',
  summary: 'A function of older versions. Events run their event_route without this module.',
  source: 'modules/event_route of OpenSIPS 2.2',
  functions: [
    {
      name: 'fetch_event_params',
      arguments: [
        {
          name: 'variables',
          type: 'raw',
          summary: '`ip=$avp(ip)`, or `$avp(first);$var(second)` by position.',
        },
      ],
      summary:
        'Stores attributes of the event in `$avp` or `$var` variables: -1 for anything else, and for an attribute that the event does not have. In new scripts, use `$param(name)` instead.',
      source: 'modules/event_route of OpenSIPS 2.2',
      run: (run, text) => {
        const { list } = run.state(eventAttributes);
        const items = text.split(';').map((part) => item.exec(part));
        if (items.includes(null)) {
          run.complain(`fetch_event_params("${text}"): use names and variables: ip=$avp(ip);$var(second)`);
          return -1;
        }
        const stored = items.map((match, i) => {
          const [, name, kind, variable = ''] = match ?? [];
          const found = name === undefined ? list[i] : list.find((one) => one.name === name);
          return found !== undefined && store(run, kind, variable.trim(), found.value);
        });
        return stored.every(Boolean) ? 1 : -1;
      },
    },
  ],
});
