/** The rtpengine module: media by way of rtpengine. Source: modules/rtpengine of the manual; scenarios rtpengine-*. */
import { defineCommands, defineModule, type RunRouting } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { regexError } from '../../text/index.ts';
import { dialogNamed, endByCommand } from '../dialog/command-arguments.ts';
import { StreamLink } from '../media/stream-link.ts';
import { UdpLink } from '../media/udp-link.ts';
import { openClient } from '../rest-client/transfers.ts';
import { relays } from './ask.ts';
import { answerLength, encode } from './bencode.ts';
import { readAnswer } from './commands.ts';
import { functions } from './functions.ts';
import { HttpLink } from './http-link.ts';
import { notification, notificationSocket, receiveNotifications } from './notifications.ts';
import { allDefinitions, parameters, type Values, writtenDefinitions } from './parameters.ts';
import { variables } from './variables.ts';

const source = 'modules/rtpengine';

function start(routing: RunRouting, values: Values): void {
  for (const name of ['error_pv', 'extra_id_pv', 'setid_avp'] as const) {
    const text = values[name];
    if (text !== null && routing.script.variable(text) === null)
      throw new Error(`${name} is not a variable: ${text}`);
  }
  let client: ReturnType<typeof openClient> | null = null;
  relays.start(routing, {
    ping: encode({ command: 'ping' }),
    isAlive: (answer) => readAnswer(answer).kind === 'ok',
    timeout: 1000 * values.rtpengine_tout,
    tries: values.rtpengine_retr,
    rest: 1000 * values.rtpengine_disable_tout,
    period: 1000 * values.rtpengine_timer_interval,
    pingsAll: values.ping_enabled,
    definitions: () => allDefinitions(routing, values),
    open: (options) => {
      switch (options.definition.scheme) {
        case 'http':
          client ??= openClient(routing, {});
          return new HttpLink(client, options);
        case 'tcp':
          return new StreamLink(options, answerLength);
        default:
          return new UdpLink(options);
      }
    },
  });
  if (values.notification_sock !== null)
    receiveNotifications(routing, notificationSocket(values.notification_sock));
}

export const rtpengine = defineModule({
  name: 'rtpengine',
  summary: 'Lets media pass rtpengine, a media relay.',
  source,
  parameters,
  events: [relays.event, notification],
  figures: relays.figures,
  validate: (values) => {
    writtenDefinitions(values);
    if (values.notification_sock !== null) notificationSocket(values.notification_sock);
    for (const pattern of values.extra_failover_error) {
      const error = regexError(pattern);
      if (error !== null) throw new InvalidUse(`extra_failover_error "${pattern}": ${error}`);
    }
    return [];
  },
  start,
  commands: [
    ...relays.commands,
    ...defineCommands([
      {
        name: 'rtpengine:teardown',
        aliases: ['rtpengine_teardown', 'teardown'],
        parameters: [{ name: 'callid', type: 'string', summary: 'The Call-ID.' }],
        summary: 'Ends the dialog of a call, as dialog:end_dlg does.',
        source,
        run: ({ callid }, routing) => endByCommand(routing, dialogNamed(routing, callid), ''),
      },
    ]),
  ],
  functions,
  variables,
});
