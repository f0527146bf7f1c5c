/** The parameters of nathelper. Source: modules/nathelper of the manual. */
import { defineParameter, defineParameters } from '../../script/index.ts';

const noCluster = 'siprest instances do not form a cluster';

const without = (inert: string, type: 'int' | 'string', ...names: readonly string[]) =>
  names.map((name) =>
    defineParameter({ name, type, default: null, summary: 'Accepted without effect.', inert }),
  );

const text = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({ name, type: 'string', default: null, summary });

export const parameters = defineParameters([
  text('received_avp', 'The AVP that fix_nated_register() sets, the same as that of registrar.'),
  defineParameter({
    name: 'nortpproxy_str',
    type: 'string',
    default: 'a=nortpproxy:yes\r\n',
    summary: 'The line that add-no-rtpproxy adds; empty: none.',
  }),
  defineParameter({
    name: 'oldip_skip',
    type: 'string',
    default: '',
    summary: 'Which old addresses fix_nated_sdp() does not keep: `o`, `c` or `oc`.',
  }),
  defineParameter({
    name: 'natping_interval',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 86_400,
    unit: 's',
    summary:
      'Within what time each registered contact is pinged, so that its NAT keeps the way open; pings are spread evenly over it, and over the processes. 0: never.',
  }),
  defineParameter({
    name: 'ping_nated_only',
    type: 'boolean',
    default: false,
    summary: 'Whether only contacts with the branch flag nat_bflag of usrloc are pinged.',
  }),
  text(
    'force_socket',
    'The socket that pings contacts whose own socket is not known; default any that reaches them.',
  ),
  text(
    'sipping_bflag',
    'The branch flag of contacts that are pinged by a SIP request; others get four bytes of zeros.',
  ),
  text(
    'remove_on_timeout_bflag',
    'The branch flag of contacts that are removed when they do not answer SIP requests.',
  ),
  text(
    'sipping_latency_flag',
    'The branch flag of contacts whose answers to SIP requests are timed, for the flags max-ping-latency and sort-by-latency of lookup() and the event E_UL_LATENCY_UPDATE.',
  ),
  defineParameter({
    name: 'sipping_ignore_rpl_codes',
    type: 'string',
    default: '',
    summary: 'Status codes that do not count as an answer, separated by commas.',
  }),
  text('sipping_from', 'The URI in From of SIP requests; without it none are sent.'),
  defineParameter({
    name: 'sipping_method',
    type: 'string',
    default: 'OPTIONS',
    summary: 'The method of SIP requests.',
  }),
  defineParameter({
    name: 'natping_tcp',
    type: 'boolean',
    default: false,
    summary: 'Whether contacts on TCP, TLS and WebSocket are pinged as well, by a SIP request.',
  }),
  defineParameter({
    name: 'ping_threshold',
    type: 'int',
    default: 3,
    minimum: 1,
    maximum: 3600,
    unit: 's',
    summary: 'How long an answer to a SIP request is waited for.',
  }),
  defineParameter({
    name: 'max_pings_lost',
    type: 'int',
    default: 3,
    minimum: 1,
    maximum: 1000,
    summary: 'After so many lost pings in a row a contact is removed.',
  }),
  ...without('pings are always spread evenly', 'int', 'natping_partitions'),
  ...without('the system does not let programs send from the address of another', 'string', 'natping_socket'),
  ...without(noCluster, 'int', 'cluster_id'),
  ...without(noCluster, 'string', 'cluster_sharing_tag'),
]);
