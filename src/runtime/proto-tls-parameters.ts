/**
 * The parameters of the module proto_tls. They are here because the core opens the sockets that they concern. Source:
 * modules/proto_tls of the manual.
 */
import { defineParameters, type ParameterSpec } from '../script/index.ts';
import { DEFAULT_LIMITS, defaultPort } from '../sip/index.ts';

const inert = (name: string, value: number | string | null, why: string): ParameterSpec => ({
  name,
  type: typeof value === 'number' ? 'int' : 'string',
  default: value,
  summary: 'Accepted without effect.',
  inert: why,
});

const noTrace = 'the log says which handshakes fail, and tracer:start copies messages to a collector';

export const protoTlsParameters = defineParameters([
  {
    name: 'tls_port',
    type: 'int',
    default: defaultPort('tls'),
    minimum: 1,
    maximum: 65_535,
    summary: 'The port of TLS sockets that name none.',
    source: 'modules/proto_tls',
  },
  {
    name: 'tls_handshake_timeout',
    type: 'int',
    default: DEFAULT_LIMITS.handshakeTimeout,
    minimum: 1,
    maximum: 600_000,
    unit: 'ms',
    summary: 'How long a TLS handshake may take, of either side; no worker waits for it.',
    source: 'modules/proto_tls',
  },
  {
    name: 'cert_check_on_conn_reusage',
    type: 'boolean',
    default: false,
    summary:
      'Whether a connection that siprest has opened is used again only for requests with the same client domain. Whether its certificate is for the SIP domain is always checked.',
    source: 'modules/proto_tls',
  },
  inert('tls_crlf_pingpong', 1, 'siprest answers every ping (RFC 5626)'),
  inert('tls_crlf_drop', 0, 'siprest drops all line breaks between messages'),
  inert('tls_max_msg_chunks', 4, 'tcp_max_msg_time limits how long a message may take'),
  inert('tls_send_timeout', 100, 'sending never waits; a peer that does not read is disconnected'),
  inert('tls_async', 1, 'sending never waits'),
  inert('tls_async_max_postponed_chunks', 32, 'the queue of a connection is limited in bytes'),
  inert('trace_destination', null, noTrace),
  inert('trace_on', 0, noTrace),
  inert('trace_filter_route', null, noTrace),
]);
