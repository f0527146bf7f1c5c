/**
 * The parameters of rest_client: what each is called and measured in, and the options of the client that they set.
 * Defaults and ranges are the client's, in the script's unit.
 */
import { CLIENT_OPTIONS, HTTP_VERSIONS, type RestClientOptions, TLS_OPTIONS } from '../../rest/index.ts';
import { defineParameter, defineParameters, type RowValues } from '../../script/index.ts';

const source = 'rest_client documentation';
const millisecondsPerSecond = 1000;
const bytesPerKilobyte = 1024;

/** A time, which a script gives in seconds. */
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
    'Longest time for a whole transfer, connecting included. Fractions are allowed ("0.25").',
  ),
  time(
    'connection_timeout',
    'seconds',
    CLIENT_OPTIONS.connectTimeout,
    'Longest time to connect: name lookup, TCP and TLS together. Clamped to curl_timeout.',
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
    summary: 'Asynchronous transfers that one worker may run at a time; beyond it they block. 0: all block.',
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
    summary: 'Largest body of an answer; one byte more stops the transfer with -10.',
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
    maximum: 2, // what libcurl's own option takes for yes, and scripts write
    summary: `${TLS_OPTIONS.verifyHost.doc} A script may write 2 for yes.`,
    source,
  },
  {
    name: 'ssl_capath',
    type: 'string',
    default: TLS_OPTIONS.caPath.default,
    summary: 'Folder of CA certificates, hashed names or any PEM files, beside the default ones.',
    source,
  },
  {
    name: 'curl_http_version',
    type: 'int',
    default: HTTP_VERSIONS.findIndex(({ name }) => name === CLIENT_OPTIONS.httpVersion.default),
    minimum: 0,
    maximum: HTTP_VERSIONS.length - 1,
    summary:
      '0 HTTP/2 where TLS offers it, else 1.1; 1 HTTP/1.0; 2 HTTP/1.1; 3 try HTTP/2; 4 HTTP/2 over TLS only; 5 HTTP/2 in clear text by prior knowledge.',
    source,
  },
  {
    name: 'enable_expect_100',
    type: 'boolean',
    default: CLIENT_OPTIONS.expect100.default,
    summary:
      'Ask with Expect: 100-continue before a body of more than 1,024 bytes, and wait one second at most.',
    source,
  },
  {
    name: 'no_concurrent_connects',
    type: 'boolean',
    default: CLIENT_OPTIONS.noConcurrentConnects.default,
    summary: 'Only one worker at a time connects to a host name; the others get -4 at once.',
    source,
  },
  time(
    'curl_conn_lifetime',
    'int',
    CLIENT_OPTIONS.lockFreeAge,
    'With no_concurrent_connects: a worker with a connection to the host that is younger than this skips the lock. 0: never.',
  ),
  {
    name: 'use_proxy',
    type: 'boolean',
    default: CLIENT_OPTIONS.proxy.default === 'environment',
    summary:
      "siprest's own: send requests through the proxies that the environment variables http_proxy, https_proxy, all_proxy and no_proxy name. 0 ignores them.",
    source,
  },
]);

type Values = RowValues<typeof parameters>;

/** The client's options by what the script sets. */
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

/** Warnings about parameters that do not go together. */
export function validate({ connection_timeout, curl_timeout }: Values): readonly string[] {
  const standard = CLIENT_OPTIONS.connectTimeout.default / millisecondsPerSecond;
  if (connection_timeout <= curl_timeout || connection_timeout === standard) return [];
  return [
    `connection_timeout (${connection_timeout} s) is above curl_timeout (${curl_timeout} s), which is used instead`,
  ];
}
