/** Administration commands about the log. Source: the manual's Interface-CoreMI, log_level. */
import { CommandError, defineCommands, keepFilters, keepLevel, type LogFilter } from '../runtime/index.ts';

const level = {
  name: 'level',
  type: 'int',
  optional: true,
  minimum: -3,
  maximum: 4,
} as const;

/** Limits the filters, which are compared with every message. */
const mostFilters = 100;

export const logCommands = defineCommands([
  {
    name: 'log_level',
    aliases: ['core:log_level'],
    parameters: [
      { ...level, summary: 'The new level; without it the levels are listed.' },
      { name: 'pid', type: 'int', optional: true, summary: 'The process; default all.' },
    ],
    processes: 'every',
    summary: 'Lists or sets `log_level`, until the server is restarted.',
    source: 'Interface-CoreMI',
    run: ({ level, pid }, { host, log }) => {
      if (pid !== undefined && pid !== process.pid) return { Processes: [] };
      if (level !== undefined) host.logs.override({ ...host.logs.overrides, level });
      if (level !== undefined && pid === undefined) keepLevel(host.store, 'level', level);
      return {
        ...(level === undefined || pid !== undefined ? {} : { 'New global log level': level }),
        Processes: [{ PID: process.pid, 'Log level': log.logLevel, Type: `SIP process ${host.number}` }],
      };
    },
  },
  {
    name: 'xlog_level',
    aliases: ['core:xlog_level'],
    parameters: [{ ...level, summary: 'The new level; without it the present one is told.' }],
    processes: 'every',
    summary: 'Tells or sets `xlog_level`, until the server is restarted.',
    source: 'Interface-CoreMI',
    run: ({ level }, { host, log }) => {
      if (level === undefined) return { 'xLog Level': log.xlogLevel };
      host.logs.override({ ...host.logs.overrides, xlogLevel: level });
      keepLevel(host.store, 'xlogLevel', level);
      return { 'New xLog level': level };
    },
  },
  {
    name: 'siprest:log_calls',
    parameters: [
      { ...level, summary: 'The level; without it the calls no longer have one.' },
      { name: 'callid', type: 'string', optional: true, summary: 'The calls with this Call-ID.' },
      {
        name: 'user',
        type: 'string',
        optional: true,
        summary: 'The calls from or to this user: `alice`, or `alice@home.example`.',
      },
    ],
    processes: 'every',
    summary:
      'Sets a level for some calls, also for xlog(), until the server is restarted; without parameters lists such levels.',
    run: ({ level, callid, user }, { host }) => {
      const { logs } = host;
      const callId = callid ?? null;
      const about = user ?? null;
      const { filters } = logs.overrides;
      if (callId === null && about === null) {
        if (level !== undefined)
          throw new CommandError(400, 'name a callid or a user; log_level is for all calls');
        return { Calls: host.number === 0 ? filters : [] };
      }
      const others = filters.filter((one) => one.callId !== callId || one.user !== about);
      if (level !== undefined && others.length >= mostFilters)
        throw new CommandError(500, `${mostFilters} levels are set already`);
      const added: readonly LogFilter[] = level === undefined ? [] : [{ callId, user: about, level }];
      const all = [...others, ...added];
      logs.override({ ...logs.overrides, filters: all });
      keepFilters(host.store, all);
      return 'OK';
    },
  },
]);
