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
  log.xlog(given ?? settings.xlogPrintLevel, text, run.worker.xlogLevel ?? log.xlogLevel);
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
      { name: 'log_level', type: 'int', optional: true, summary: 'The level of the trace.' },
      { name: 'pv_format_string', type: 'string', optional: true, summary: 'Variables to show.' },
      { name: 'info', type: 'static', optional: true, summary: 'A tag.' },
    ],
    summary: 'Traces the script.',
    inert: 'siprest does not support script traces yet',
    run: () => 1,
  },
]);
