/** The proto_tls module: TLS sockets, which siprest has in any case. Source: modules/proto_tls of the manual. */
import { defineModule, protoTlsParameters } from '../runtime/index.ts';

export const protoTls = defineModule({
  name: 'proto_tls',
  summary: 'Parameters of TLS sockets; tls_mgm has their certificates.',
  source: 'modules/proto_tls',
  parameters: protoTlsParameters,
});
