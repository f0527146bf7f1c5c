/** xlog() and log(). Source: the manual's Script-CoreFunctions. */

import { defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument } from '../../script/index.ts';

const level = defineArgument({
  name: 'level',
  type: 'level',
  optional: true,
  leading: true,
  summary: 'L_ALERT, L_CRIT, L_ERR, L_WARN, L_NOTICE, L_INFO or L_DBG.',
});

function print(run: Run, given: number | undefined, text: string): 1 {
  const { log, settings } = run.routing;
  const printLevel = given ?? settings.xlogPrintLevel;
  if (run.span !== null) run.traceLine(printLevel, text, run.xlogLevel);
  log.xlog(printLevel, text, run.xlogLevel, run);
  return 1;
}

export const logFunctions = defineFunctions([
  {
    name: 'xlog',
    alwaysTrue: true,
    arguments: [
      level,
      { name: 'format_string', type: 'string', summary: 'The text to print; variables in it are replaced.' },
    ],
    summary: 'Logs a text if `xlog_level` allows its level.',
    run: print,
  },
  {
    name: 'log',
    alwaysTrue: true,
    arguments: [level, { name: 'string', type: 'string', summary: 'The text to print.' }],
    summary: 'Logs a text.',
    run: print,
  },
  {
    name: 'script_trace',
    arguments: [
      { name: 'log_level', type: 'int', optional: true, summary: 'The level of its lines.' },
      {
        name: 'pv_format_string',
        type: 'raw',
        optional: true,
        summary: 'A text with variables, which each line shows with their values.',
      },
      { name: 'info_string', type: 'string', optional: true, summary: 'A tag of the lines.' },
    ],
    summary:
      'Logs each statement from here to the end of the top route: its line, its name, and variables. Without arguments it stops.',
    source: 'Script-CoreFunctions, script_trace',
    run: (run, traceLevel, format, tag) => {
      if (traceLevel === undefined) {
        run.scriptTrace = null;
        return 1;
      }
      const text = format === undefined ? null : run.routing.script.text(format);
      if (format !== undefined && text === null) {
        run.complain(`script_trace(): "${format}" names a variable that does not exist`);
        return -1;
      }
      run.scriptTrace = {
        level: traceLevel,
        values: (at) => (text === null ? '' : text.fill(at)),
        tag: tag ?? '',
      };
      return 1;
    },
  },
]);
