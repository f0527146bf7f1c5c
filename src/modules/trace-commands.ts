/** The administration command behind `siprest trace`. */
import { CommandError, defineCommands } from '../runtime/index.ts';

export const traceCommands = defineCommands([
  {
    name: 'siprest:trace',
    parameters: [
      { name: 'viewer', type: 'string', summary: 'A name of its own for each viewer.' },
      { name: 'callid', type: 'string', optional: true, summary: 'The calls with this Call-ID.' },
      { name: 'user', type: 'string', optional: true, summary: 'The calls from or to this user.' },
      { name: 'ip', type: 'string', optional: true, summary: 'The calls whose first message has this peer.' },
    ],
    processes: 'every',
    summary:
      'What has happened to calls since the viewer last asked: SIP, REST requests, steps of scripts. One that does not ask for 10 s is forgotten.',
    run: ({ viewer, callid, user, ip }, { host }) => {
      const filter = { callId: callid ?? null, user: user ?? null, address: ip ?? null };
      const batch = host.tracing.view(viewer, filter);
      if (batch === null) throw new CommandError(503, 'too many viewers');
      return { events: batch.events, lost: [batch.lost] };
    },
  },
]);
