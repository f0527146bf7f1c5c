import { defineParameters } from '../../script/index.ts';

export const parameters = defineParameters([
  {
    name: 'root',
    type: 'string',
    default: 'metrics',
    summary:
      "The path, without the first slash, at the address of `siprest run --http`. At `metrics` siprest's own figures precede those of the module; a change takes effect at the next start.",
  },
  {
    name: 'prefix',
    type: 'string',
    default: 'opensips',
    summary: 'What the names of statistics begin with.',
  },
  {
    name: 'group_prefix',
    type: 'string',
    default: '',
    summary: 'What the names of groups begin with.',
  },
  {
    name: 'delimiter',
    type: 'string',
    default: '_',
    summary:
      'What stands between prefix, group and name. Characters that Prometheus does not take in names become `_`.',
  },
  {
    name: 'group_label',
    type: 'string',
    default: 'group',
    summary: 'The label of the group, with `group_mode` 2.',
  },
  {
    name: 'group_mode',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 2,
    summary: 'Where the group of a statistic is: 0 nowhere, 1 in the name, 2 in a label.',
  },
  {
    name: 'statistics',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'Statistics to export, separated by blanks: names, `group:`, or `all`. A name that is unknown is left out.',
  },
  {
    name: 'labels',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'How names of statistics become labels: `group: /expression/name:label="value"/`. The first rule that matches counts.',
  },
  {
    name: 'script_route',
    type: 'string',
    default: null,
    routeKind: 'route',
    summary:
      'The route that runs at each scrape, for up to 5 s, and pushes metrics; in one of the processes.',
  },
  {
    name: 'script_route_avp_result',
    type: 'string',
    default: null,
    summary: 'An AVP with metrics as JSON.',
    inert: 'push metrics by prometheus_push_stat()',
  },
]);
