/** Variables about the route, the worker, the clock and the log. Source: the manual's Script-CoreVar. */

import { isatty } from 'node:tty';
import { defineVariables, type Run, type Worker } from '../../runtime/index.ts';
import {
  type Frame,
  InvalidUse,
  logLevel,
  type VariableAccess,
  type VariableUse,
} from '../../script/index.ts';
import { ctime, strftime } from '../../text/index.ts';
import { subnameOf } from './subname.ts';

/** The stack of route calls, innermost first. */
function frames(run: Run): Frame[] {
  const list: Frame[] = [];
  for (let frame = run.frame; frame !== null; frame = frame.parent) list.push(frame);
  return list;
}

/** Milliseconds since 1970, by the host's clock. */
const dateOf = (run: Run) => run.routing.host.clock.date();

const fullName = (frame: Frame) => (frame.name === '' ? frame.kind : `${frame.kind}[${frame.name}]`);

/** `$route`, `$route.name`, `$route.type`: indexed from the innermost call, or with -1 from the outermost. */
function ofFrame(read: (frame: Frame) => string) {
  return ({ index }: VariableUse<Run>): VariableAccess<Run> => {
    if (index === 'all')
      return {
        get: (run) => frames(run).reverse().map(read).join(' > '),
      };
    if (index === 'append') throw new InvalidUse('[append] is not supported');
    const at = typeof index === 'function' ? index : () => index ?? 0;
    return {
      get: (run) => {
        const i = at(run);
        const frame = i === null ? undefined : frames(run).at(i);
        return frame === undefined ? null : read(frame);
      },
    };
  };
}

/** A log level of the worker; null unless the script has set one. */
function levelVariable(name: 'logLevel' | 'xlogLevel'): () => VariableAccess<Run> {
  return () => ({
    get: (run) => run.worker[name] ?? run.routing.log[name],
    set: (run, value) => {
      const level = logLevel(value);
      if (level === null && value !== null) return false;
      (run.worker as { -readonly [K in keyof Worker]: Worker[K] })[name] = level;
      return true;
    },
  });
}

/** ANSI codes of `$C(xy)`: foreground and background. */
const colours: Readonly<Record<string, number>> = { s: 0, r: 1, g: 2, y: 3, b: 4, p: 5, c: 6, w: 7 };

function colourCode(letters: string): string {
  const [foreground = '', background = ''] = letters;
  const known = (letter: string) => letter in colours || letter === 'x' || letter.toLowerCase() in colours;
  if (letters.length !== 2 || !known(foreground) || !known(background)) {
    throw new InvalidUse(
      `invalid colours (${letters})`,
      'use two letters of x s r g y b p c w, for example $C(rx)',
    );
  }
  const code = (letter: string, base: number) =>
    letter === 'x' ? (base === 30 ? '0' : '') : `${base + (colours[letter.toLowerCase()] ?? 0)}`;
  return `\x1b[${[code(foreground, 30), code(background, 40)].filter((part) => part !== '').join(';')}m`;
}

export const processVariables = defineVariables([
  {
    name: 'route',
    indexed: true,
    summary: 'The running route, as `route[name]`.',
    resolve: ofFrame(fullName),
  },
  {
    name: 'route.name',
    indexed: true,
    summary: 'The name of the running route; empty in the main route.',
    resolve: ofFrame((frame) => frame.name),
  },
  {
    name: 'route.type',
    indexed: true,
    summary: 'The kind of the running route.',
    resolve: ofFrame((frame) => frame.kind),
  },
  { name: 'pp', summary: 'The process ID.', resolve: () => ({ get: () => process.pid }) },
  {
    name: 'Ts',
    summary: 'Unix time in seconds.',
    resolve: () => ({ get: (run) => Math.floor(dateOf(run) / 1000) | 0 }),
  },
  {
    name: 'Tsm',
    summary: 'Microseconds of the current second.',
    resolve: () => ({ get: (run) => Math.floor((dateOf(run) * 1000) % 1_000_000) }),
  },
  {
    name: 'TS',
    summary: 'Unix time in seconds when the server started.',
    resolve: () => ({ get: (run) => Math.floor(run.routing.host.startedAt / 1000) | 0 }),
  },
  {
    name: 'Tf',
    summary: 'The local time, as `Mon Nov 23 21:41:02 2026`.',
    resolve: () => ({ get: (run) => ctime(new Date(dateOf(run))) }),
  },
  {
    name: 'time',
    subname: 'required',
    summary: 'The local time in a strftime(3) format: `$time(%Y-%m-%d)`.',
    resolve: ({ subname }) => {
      if (typeof subname === 'function')
        return { get: (run) => strftime(subname(run), new Date(dateOf(run))) };
      return { get: (run) => strftime(subname, new Date(dateOf(run))) };
    },
  },
  {
    name: 'log_level',
    writable: true,
    summary: 'The log level of this worker; NULL resets it.',
    resolve: levelVariable('logLevel'),
  },
  {
    name: 'xlog_level',
    writable: true,
    summary: 'The level of xlog() on this worker; NULL resets it.',
    resolve: levelVariable('xlogLevel'),
  },
  {
    name: 'cfg_line',
    summary: 'The current line of the script.',
    resolve: () => ({ get: (run) => Number(/:(\d+)$/.exec(run.routing.place(run.position))?.[1] ?? 0) }),
  },
  {
    name: 'cfg_file',
    summary: 'The current file of the script.',
    resolve: () => ({ get: (run) => run.routing.place(run.position).replace(/:\d+$/, '') }),
  },
  {
    name: 'argv',
    subname: 'required',
    summary: 'The value of `-o name=value` on the command line.',
    source: 'Script-CoreVar',
    resolve: (use) => {
      const name = subnameOf(use);
      return { get: (run) => run.routing.settings.argv.get(name(run)) ?? null };
    },
  },
  {
    name: 'C',
    subname: 'required',
    summary:
      'A terminal colour, as `$C(fb)` for foreground and background; empty if stderr is not a terminal.',
    resolve: ({ subname }) => {
      if (typeof subname !== 'string') throw new InvalidUse('colours must be literal', 'for example $C(rx)');
      const code = colourCode(subname);
      const terminal = isatty(2) && !process.env['NO_COLOR'];
      return { get: (run) => (terminal || run.routing.settings.xlogForceColor ? code : '') };
    },
  },
]);
