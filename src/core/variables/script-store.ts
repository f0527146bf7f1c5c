/**
 * `$var`, `$avp`, `$rc` and route parameters: values that the script itself stores or passes. Source: the manual's
 * Script-CoreVar page.
 */

import { eventAttributes } from '../../engine/index.ts';
import { defineVariables, type Routing, type Run, StateKey } from '../../runtime/index.ts';
import { InvalidUse, type Value } from '../../script/index.ts';
import type { Named } from './subname.ts';

/** Each `$var` name has a slot for the whole process; a worker keeps its values in an array indexed by slot. */
const slotOf = new Map<string, number>();

/** Limits the slots, because a script can build names from the contents of messages. */
const maxSlots = 100_000;

/** Names beyond the limit get slot -1, which stores nothing. */
export function slot(name: string): number {
  let index = slotOf.get(name);
  if (index === undefined) {
    if (slotOf.size >= maxSlots) return -1;
    index = slotOf.size;
    slotOf.set(name, index);
  }
  return index;
}

/** The initial values of every worker's slots; modules may set them when they start. */
export const initialSlots = new StateKey<Routing, Value[]>('initial $var values', () => []);

export const scriptStoreVariables = defineVariables([
  {
    name: 'var',
    subname: 'required',
    writable: true,
    summary: 'A script variable: a single value, which its worker keeps from one message to the next.',
    source: 'Script-CoreVar, Script variables; vector lang-var-is-process-wide',
    resolve: ({ subname }) => {
      if (typeof subname === 'function') {
        return {
          get: (run) => run.worker.slots[slot(subname(run))] ?? null,
          set: (run, value) => {
            const at = slot(subname(run));
            if (at >= 0) run.worker.slots[at] = value;
            return at >= 0;
          },
        };
      }
      const index = slot(subname);
      return {
        get: (run) => run.worker.slots[index] ?? null,
        set: (run, value) => {
          run.worker.slots[index] = value;
          return true;
        },
      };
    },
  },
  {
    name: 'avp',
    subname: 'required',
    indexed: true,
    writable: true,
    summary: 'An attribute of the message: a stack of values, newest first. Survives async().',
    source: 'Script-CoreVar, AVP variables; vectors lang-avp-*',
    resolve: (use) => {
      const name = avpName(use.subname);
      const list = (run: Run) => run.request.avps.all(name(run));
      const { index } = use;
      if (index === 'all') {
        return {
          get: (run) => {
            const values = list(run);
            return values.length === 0 ? null : values.join(', ');
          },
          list,
          set: (run, value) => {
            run.request.avps.replace(name(run), value);
            return true;
          },
        };
      }
      if (index === 'append') {
        return {
          get: (run) => run.request.avps.get(name(run), -1),
          set: (run, value) => {
            if (value === null) return false;
            run.request.avps.append(name(run), value);
            return true;
          },
        };
      }
      if (index === null) {
        return {
          get: (run) => run.request.avps.get(name(run)),
          list,
          set: (run, value, operator) => {
            if (operator === ':=') run.request.avps.replace(name(run), value);
            else run.request.avps.push(name(run), value);
            return true;
          },
        };
      }
      const at = typeof index === 'number' ? () => index : index;
      return {
        get: (run) => {
          const i = at(run);
          return i === null ? null : run.request.avps.get(name(run), i);
        },
        set: (run, value) => {
          const i = at(run);
          return i !== null && run.request.avps.setAt(name(run), i, value);
        },
      };
    },
  },
  {
    name: 'rc',
    aliases: ['retcode'],
    summary: 'The return code of the last function, route or assignment.',
    source: 'Script-CoreVar, Returned code; vectors lang-rc-*',
    resolve: () => ({ get: (run) => run.status }),
  },
  {
    name: 'return',
    subname: 'required',
    summary: '`$(return(0))` is the first value that return() passed after its code.',
    source: 'Script-CoreVar, Return value; vector lang-route-return-value',
    resolve: ({ subname }) => positional(subname, 0, (run) => run.returned),
  },
  {
    name: 'param',
    subname: 'required',
    summary:
      '`$param(1)` is the first parameter of the running route; in an event_route `$param(name)` is an attribute of the event.',
    source: 'Script-CoreVar, Route parameter; vectors lang-route-params*',
    resolve: ({ subname }) => {
      const parameters = (run: Run) => run.frame?.parameters ?? [];
      if (typeof subname !== 'string' || /^\s*\d+\s*$/.test(subname)) {
        const byPosition = positional(subname, 1, parameters);
        if (typeof subname !== 'function') return byPosition;
        return { get: (run) => byPosition.get(run) ?? attribute(run, subname(run)) };
      }
      return { get: (run) => attribute(run, subname) };
    },
  },
]);

/** A named parameter of the route, or an attribute of the event that triggered the event_route. */
function attribute(run: Run, name: string): Value {
  const named = run.frame?.names?.indexOf(name) ?? -1;
  if (named >= 0) return run.frame?.parameters[named] ?? '';
  if (run.frame?.kind !== 'event_route') return null;
  return run.state(eventAttributes).list.find((one) => one.name === name)?.value ?? null;
}

/** `$avp(s:name)` and `$avp(i:5)` from older scripts are `$avp(name)` and `$avp(5)`. */
function avpName(subname: Named['subname']): (run: Run) => string {
  const plain = (name: string) => name.replace(/^[si]:/, '');
  if (typeof subname === 'function') return (run) => plain(subname(run));
  const name = plain(subname);
  return () => name;
}

function positional(subname: Named['subname'], first: number, values: (run: Run) => readonly Value[]) {
  const parse = (text: string) => (/^\s*\d+\s*$/.test(text) ? Number(text) - first : -1);
  if (typeof subname === 'function') return { get: (run: Run) => values(run)[parse(subname(run))] ?? null };
  const index = parse(subname);
  if (index < 0) throw new InvalidUse(`invalid position (${subname})`, `positions start at ${first}`);
  return { get: (run: Run) => values(run)[index] ?? null };
}
