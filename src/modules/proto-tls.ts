/** The proto_tls module: TLS sockets, which siprest has in any case. Source: modules/proto_tls of the manual. */
import { CommandError, defineModule, protoTlsParameters } from '../runtime/index.ts';

export const protoTls = defineModule({
  name: 'proto_tls',
  summary: 'Parameters of TLS sockets; tls_mgm has their certificates.',
  source: 'modules/proto_tls',
  parameters: protoTlsParameters,
  commands: [
    {
      name: 'tls:trace',
      aliases: ['tls_trace'],
      parameters: [
        { name: 'trace_mode', type: 'string', oneOf: ['on', 'off'], optional: true, summary: 'Only `off`.' },
      ],
      summary: 'Tells that connections are not traced: the log says which handshakes fail.',
      source: 'modules/proto_tls',
      run: ({ trace_mode: mode }) => {
        if (mode === 'on')
          throw new CommandError(500, 'siprest does not trace TLS: use tracer:start for messages');
        return mode === 'off' ? undefined : { 'TLS tracing': 'off' };
      },
    },
  ],
});
