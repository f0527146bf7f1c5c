/**
 * The parameters of rest_client: names, units, and the client options that they set. Defaults and ranges come from the
 * client, converted to the script's units.
 */
import { CLIENT_OPTIONS, HTTP_VERSIONS, type RestClientOptions, TLS_OPTIONS } from '../../rest/index.ts';
import { defineParameter, defineParameters, type RowValues } from '../../script/index.ts';

const source = 'rest_client documentation';
const millisecondsPerSecond = 1000;
const bytesPerKilobyte = 1024;

/** A duration; scripts use seconds. */
const time = <const Name extends string>(
  name: Name,
  type: 'seconds' | 'int',
  { default: standard, min, max }: { readonly default: number; readonly min: number; readonly max: number },
  summary: string,
) =>
  defineParameter({
    name,
    type,
    unit: 's',
    default: standard / millisecondsPerSecond,
    minimum: min / millisecondsPerSecond,
    maximum: max / millisecondsPerSecond,
    summary,
    source,
  });

export const parameters = defineParameters([
  time(
    'curl_timeout',
    'seconds',
    CLIENT_OPTIONS.timeout,
    'The timeout of a whole transfer, including connecting. Fractions are allowed ("0.25").',
  ),
  time(
    'connection_timeout',
    'seconds',
    CLIENT_OPTIONS.connectTimeout,
    'The connect timeout, for name lookup, TCP and TLS together. Limited by curl_timeout.',
  ),
  {
    name: 'connect_poll_interval',
    type: 'int',
    unit: 'ms',
    default: 20,
    minimum: 1,
    maximum: 60_000,
    summary: 'Accepted without effect: siprest does not poll.',
    source,
  },
  {
    name: 'max_async_transfers',
    type: 'int',
    unit: 'transfers',
    default: 100,
    minimum: 0,
    maximum: 1_000_000,
    summary:
      'The maximum number of concurrent async transfers per worker; further transfers block. 0: all block.',
    source,
  },
  {
    name: 'max_transfer_size',
    type: 'int',
    unit: 'KB',
    default: CLIENT_OPTIONS.maxBodySize.default / bytesPerKilobyte,
    minimum: 0,
    maximum: 2_097_151,
    zero: Number.POSITIVE_INFINITY,
    summary: 'The largest reply body; a larger one ends the transfer with -10.',
    source,
  },
  {
    name: 'ssl_verifypeer',
    type: 'boolean',
    default: TLS_OPTIONS.verifyPeer.default,
    summary: TLS_OPTIONS.verifyPeer.doc,
    source,
  },
  {
    name: 'ssl_verifyhost',
    type: 'boolean',
    default: TLS_OPTIONS.verifyHost.default,
    maximum: 2, // libcurl's own value for yes, which scripts use
    summary: `${TLS_OPTIONS.verifyHost.doc} Scripts may use 2 for yes.`,
    source,
  },
  {
    name: 'ssl_capath',
    type: 'string',
    default: TLS_OPTIONS.caPath.default,
    summary: 'A folder of additional CA certificates: PEM files with hashed or any other names.',
    source,
  },
  {
    name: 'curl_http_version',
    type: 'int',
    default: HTTP_VERSIONS.findIndex(({ name }) => name === CLIENT_OPTIONS.httpVersion.default),
    minimum: 0,
    maximum: HTTP_VERSIONS.length - 1,
    summary:
      '0: HTTP/2 if negotiated by TLS, else 1.1; 1: HTTP/1.0; 2: HTTP/1.1; 3: try HTTP/2; 4: HTTP/2 over TLS only; 5: cleartext HTTP/2 with prior knowledge.',
    source,
  },
  {
    name: 'enable_expect_100',
    type: 'boolean',
    default: CLIENT_OPTIONS.expect100.default,
    summary:
      'Whether to send Expect: 100-continue before a body larger than 1,024 bytes, waiting one second at most.',
    source,
  },
  {
    name: 'no_concurrent_connects',
    type: 'boolean',
    default: CLIENT_OPTIONS.noConcurrentConnects.default,
    summary: 'Whether only one worker at a time may connect to a host name; others get -4 immediately.',
    source,
  },
  time(
    'curl_conn_lifetime',
    'int',
    CLIENT_OPTIONS.lockFreeAge,
    'With no_concurrent_connects: a worker whose connection to the host is younger than this skips the lock. 0: never.',
  ),
  {
    name: 'use_proxy',
    type: 'boolean',
    default: CLIENT_OPTIONS.proxy.default === 'environment',
    summary:
      'An extension of siprest: whether to use the proxies set by the environment variables http_proxy, https_proxy, all_proxy and no_proxy.',
    source,
  },
]);

type Values = RowValues<typeof parameters>;

/** Converts the parameters of a script to client options. */
export function clientOptions(values: Values): RestClientOptions & { readonly timeout: number } {
  return {
    timeout: values.curl_timeout * millisecondsPerSecond,
    connectTimeout: Math.min(values.connection_timeout, values.curl_timeout) * millisecondsPerSecond,
    maxBodySize: values.max_transfer_size * bytesPerKilobyte,
    tls: {
      verifyPeer: values.ssl_verifypeer,
      verifyHost: values.ssl_verifyhost,
      caPath: values.ssl_capath,
    },
    httpVersion: HTTP_VERSIONS[values.curl_http_version]?.name,
    expect100: values.enable_expect_100,
    noConcurrentConnects: values.no_concurrent_connects,
    lockFreeAge: values.curl_conn_lifetime * millisecondsPerSecond,
    proxy: values.use_proxy ? 'environment' : 'none',
  };
}

/** Warnings about conflicting parameters. */
export function validate({ connection_timeout, curl_timeout }: Values): readonly string[] {
  const standard = CLIENT_OPTIONS.connectTimeout.default / millisecondsPerSecond;
  if (connection_timeout <= curl_timeout || connection_timeout === standard) return [];
  return [
    `connection_timeout (${connection_timeout} s) exceeds curl_timeout (${curl_timeout} s), which applies instead`,
  ];
}
