/** The nathelper module: phones behind a NAT. Source: modules/nathelper of the manual; scenarios nathelper-*. */

import { areRouteParameters } from '../../relay/index.ts';
import { defineModule, type FigureSpec, type Host } from '../../runtime/index.ts';
import { avpName } from '../parameter-text.ts';
import {
  changeContacts,
  contactFlags,
  natedContact,
  restoreRequestUri,
  senderUri,
  withReceived,
} from './contact.ts';
import { parameters } from './parameters.ts';
import { pings } from './pings.ts';
import { changedSdp, sdpFlags } from './sdp.ts';
import { isBehindNat, natTests } from './tests.ts';

const source = 'modules/nathelper; scenarios nathelper-*';
const figures: readonly FigureSpec<Host>[] = [
  {
    name: 'pings',
    kind: 'counter',
    unit: '',
    labels: ['outcome'],
    summary:
      'Pings to registered contacts: sent, answered and lost, the last two of SIP requests only; and contacts removed since they did not answer.',
    read: ({ states }) => ({ ...states.get(pings).counts }),
  },
];

export const nathelper = defineModule({
  name: 'nathelper',
  summary: 'Reaches phones behind a NAT.',
  source: 'modules/nathelper',
  parameters,
  figures,
  commands: [
    {
      name: 'nathelper:enable_ping',
      aliases: ['nh_enable_ping'],
      parameters: [
        {
          name: 'natping_state',
          type: 'int',
          optional: true,
          minimum: 0,
          maximum: 1,
          summary: '1 pings contacts, 0 does not; without it the state is told.',
        },
      ],
      processes: 'every',
      summary: 'Tells or sets whether contacts are pinged, until the server is restarted.',
      source,
      run: ({ natping_state: state }, routing) => {
        const own = routing.host.states.get(pings);
        if (state !== undefined) own.isOn = state === 1;
        const isSet = routing.parameters(parameters).natping_interval > 0;
        return { Status: own.isOn && isSet ? 'Enabled' : 'Disabled' };
      },
    },
  ],
  start: (routing, values) => {
    if (values.natping_interval === 0) return;
    const own = routing.host.states.get(pings);
    own.inForce.follow(routing, () => own.begin(routing, values));
  },
  functions: [
    {
      name: 'nat_uac_test',
      arguments: [
        { name: 'flags', type: 'string', flags: natTests, summary: `Any of ${natTests.names.join(', ')}.` },
      ],
      routes: ['route', 'onreply_route', 'failure_route', 'branch_route'],
      summary: 'Whether any of the tests says that the sender is behind a NAT.',
      source,
      run: (run, flags) => (run.message !== null && isBehindNat(run.message, flags) ? 1 : -1),
    },
    {
      name: 'fix_nated_contact',
      arguments: [
        {
          name: 'uri_params',
          type: 'string',
          optional: true,
          intoHeaders: true,
          summary: '`;name=value`, added to the URI.',
        },
        {
          name: 'flags',
          type: 'string',
          optional: true,
          flags: contactFlags,
          summary: 'preserve-uri keeps the old address in the parameter `org`, for restore_nated_ruri().',
        },
      ],
      routes: ['route', 'onreply_route', 'branch_route'],
      summary: 'Puts the address of the sender into all Contacts.',
      source,
      run: (run, params = '', flags = '') => {
        const { message } = run;
        if (message === null) return -1;
        if (!areRouteParameters(params)) {
          run.complain('fix_nated_contact(): expected URI parameters, ";name=value"');
          return -1;
        }
        const keepsUri = contactFlags.parse(flags).has('preserve-uri');
        return changeContacts(run, (one) => natedContact(one, message.source, params, keepsUri));
      },
    },
    {
      name: 'restore_nated_ruri',
      arguments: [],
      routes: ['route', 'branch_route'],
      summary:
        'Puts back the address that preserve-uri has kept, and sends the request to the other one; -1 if there is none.',
      source,
      run: restoreRequestUri,
    },
    {
      name: 'add_rcv_param',
      arguments: [
        {
          name: 'flag',
          type: 'int',
          optional: true,
          summary: 'Non-zero: a parameter of the URI, not of the header.',
        },
      ],
      routes: ['route'],
      summary: 'Adds the address of the sender to all Contacts, as the parameter `received`.',
      source,
      run: (run, flag = 0) => {
        const { message } = run;
        if (message === null) return -1;
        return changeContacts(run, (one) => withReceived(one, message.source, flag !== 0));
      },
    },
    {
      name: 'fix_nated_register',
      arguments: [],
      routes: ['route'],
      summary: 'Stores the address of the sender in received_avp, for save().',
      source,
      run: (run) => {
        const { message } = run.request;
        const name = avpName(run.parameters(parameters).received_avp);
        if (message === null || name === null) {
          run.complain('fix_nated_register(): the parameter received_avp is not set');
          return -1;
        }
        run.request.avps.push(name, senderUri(message.source));
        return 1;
      },
    },
    {
      name: 'fix_nated_sdp',
      arguments: [
        { name: 'flags', type: 'string', flags: sdpFlags, summary: `Any of ${sdpFlags.names.join(', ')}.` },
        {
          name: 'ip_address',
          type: 'string',
          optional: true,
          summary: 'The address; default that of the sender.',
        },
        { name: 'sdp_fields', type: 'string', optional: true, summary: 'Lines to add, each after `\\r\\n`.' },
      ],
      routes: ['route', 'onreply_route', 'failure_route', 'branch_route'],
      summary: 'Puts an address into the session description; -1 without one.',
      source,
      run: (run, flags, address, fields = '') => {
        const { message } = run;
        const { text } = run.draft.body;
        if (message === null || !/^v=0\r?$/m.test(text)) return -1;
        const values = run.parameters(parameters);
        const change = {
          flags: sdpFlags.parse(flags),
          address: address ?? message.source.address,
          fields,
          mark: values.nortpproxy_str,
          skip: values.oldip_skip,
        };
        run.draft.replaceBodyText(changedSdp(text, change));
        return 1;
      },
    },
  ],
});
