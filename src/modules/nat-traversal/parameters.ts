/** The parameters of nat_traversal. Source: modules/nat_traversal of the manual. */
import { defineParameters } from '../../script/index.ts';

const noCluster = 'siprest instances do not form a cluster';

export const parameters = defineParameters([
  {
    name: 'keepalive_interval',
    type: 'int',
    default: 60,
    maximum: 86_400,
    unit: 's',
    summary:
      'Within what time each endpoint gets a keepalive message; they are spread evenly over it, and over the processes. 0 or less: never.',
  },
  {
    name: 'keepalive_method',
    type: 'string',
    default: 'NOTIFY',
    summary: 'The method of keepalive messages; NOTIFY has `Event: keep-alive`.',
  },
  {
    name: 'keepalive_from',
    type: 'string',
    default: null,
    summary: 'The URI in From; default `sip:keepalive@` and the address of the socket.',
  },
  {
    name: 'keepalive_extra_headers',
    type: 'string',
    default: '',
    summary: 'Further header lines, each with its line end `\\r\\n`.',
  },
  {
    name: 'keepalive_state_file',
    type: 'string',
    default: null,
    summary:
      'The file that keeps the endpoints over a restart, from the folder of the script; default none. It is a log like the file of usrloc.',
  },
  {
    name: 'cluster_id',
    type: 'int',
    default: 0,
    summary: 'Shares the work with other servers.',
    inert: noCluster,
  },
  {
    name: 'cluster_sharing_tag',
    type: 'string',
    default: null,
    summary: 'Shares the work with other servers.',
    inert: noCluster,
  },
]);
