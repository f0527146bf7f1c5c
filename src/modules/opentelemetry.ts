/** The opentelemetry module: traces of calls. Source: modules/opentelemetry of the manual. */
import { CommandError, defineModule, messageOf, type RunRouting } from '../runtime/index.ts';
import { defineParameters } from '../script/index.ts';

const source = 'modules/opentelemetry';

const parameters = defineParameters([
  {
    name: 'enable',
    type: 'boolean',
    default: false,
    summary: 'Whether requests are traced from the start; the command `opentelemetry:enable` changes it.',
    source,
  },
  {
    name: 'log_level',
    type: 'int',
    default: 4,
    minimum: -3,
    maximum: 4,
    summary: 'Lines of the log about a traced request, up to this level, become events of its spans.',
    source,
  },
  {
    name: 'use_batch',
    type: 'boolean',
    default: true,
    summary: 'Whether spans are sent in batches, or each at its end.',
    source,
  },
  {
    name: 'service_name',
    type: 'string',
    default: 'opensips',
    summary: 'The attribute `service.name`, unless the environment has OTEL_SERVICE_NAME.',
    source,
  },
  {
    name: 'exporter_endpoint',
    type: 'string',
    default: '',
    summary:
      'The URL of the collector, such as `http://127.0.0.1:4318/v1/traces`; empty: OTEL_EXPORTER_OTLP_ENDPOINT, or port 4318 of this machine.',
    source,
  },
  {
    name: 'proc_profiling',
    type: 'boolean',
    default: false,
    summary: 'Traces of processes beside those of calls.',
    source,
    inert: 'siprest traces calls alone',
  },
]);

/** Throws an Error that says what is missing. */
function enable(routing: RunRouting): void {
  const { traces } = routing.host;
  const { log_level, service_name, exporter_endpoint, use_batch } = routing.parameters(parameters);
  traces.logLevel = log_level;
  traces.start({
    serviceName: service_name,
    endpoint: exporter_endpoint === '' ? null : exporter_endpoint,
    inBatches: use_batch,
  });
}

export const opentelemetry = defineModule({
  name: 'opentelemetry',
  summary:
    'Traces requests by OpenTelemetry, as `siprest run --traces` does. Needs the package `@opentelemetry/api` and an SDK.',
  source,
  parameters,
  commands: [
    {
      name: 'opentelemetry:enable',
      aliases: ['otel_enable'],
      parameters: [
        { name: 'enable', type: 'int', minimum: 0, maximum: 1, summary: '1 traces requests, 0 does not.' },
      ],
      processes: 'every',
      summary: 'Switches tracing, until the next start.',
      source,
      run: (args, routing) => {
        if (args.enable === 0) return routing.host.traces.stop();
        try {
          enable(routing);
        } catch (error) {
          throw new CommandError(500, messageOf(error));
        }
      },
    },
  ],
  start: (routing, { enable: isEnabled }) => {
    if (isEnabled) enable(routing);
  },
});
