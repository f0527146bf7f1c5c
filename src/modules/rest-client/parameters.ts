/**
 * The parameters of rest_client: what each is called and measured in, and the option of the client that it sets.
 * Defaults and ranges are the client's, in the script's unit.
 */
import { CLIENT_OPTIONS, HTTP_VERSIONS, type RestClientOptions, TLS_OPTIONS } from '../../rest/index.ts';
import type { ParameterSpec, ParameterValue, ParameterValues } from '../../script/index.ts';

interface Row {
  readonly spec: ParameterSpec;
  /** The client's options by its value. */
  readonly options: (value: ParameterValue) => RestClientOptions;
}

type Facts = Pick<ParameterSpec, 'name' | 'summary'>;
type NumberOption = 'timeout' | 'connectTimeout' | 'lockFreeAge';

const source = 'rest_client documentation';
const millisecondsPerSecond = 1000;
const bytesPerKilobyte = 1024;

/** A time, which a script gives in seconds. */
function time(option: NumberOption, type: 'seconds' | 'int', facts: Facts): Row {
  const { default: standard, min, max } = CLIENT_OPTIONS[option];
  return {
    spec: {
      ...facts,
      type,
      unit: 's',
      default: standard / millisecondsPerSecond,
      minimum: min / millisecondsPerSecond,
      maximum: max / millisecondsPerSecond,
      source,
    },
    options: (value) => ({ [option]: Number(value) * millisecondsPerSecond }),
  };
}

/** What the script alone has. */
function ofScript(spec: Omit<ParameterSpec, 'source'>): Row {
  return { spec: { ...spec, source }, options: () => ({}) };
}

/** A parameter with a value and an option of its own. */
function row<Value extends number | boolean | string>(
  spec: Omit<ParameterSpec, 'source' | 'default'> & { readonly default: Value },
  options: (value: Value) => RestClientOptions,
): Row {
  // the checker gives a parameter the type that its default has
  return { spec: { ...spec, source }, options: (value) => options(value as Value) };
}

const rows: readonly Row[] = [
  time('timeout', 'seconds', {
    name: 'curl_timeout',
    summary: 'Longest time for a whole transfer, connecting included. Fractions are allowed ("0.25").',
  }),
  time('connectTimeout', 'seconds', {
    name: 'connection_timeout',
    summary: 'Longest time to connect: name lookup, TCP and TLS together. Clamped to curl_timeout.',
  }),
  ofScript({
    name: 'connect_poll_interval',
    type: 'int',
    unit: 'ms',
    default: 20,
    minimum: 1,
    maximum: 60_000,
    summary: 'Accepted and without effect: a connection that is ready says so itself, nothing polls.',
  }),
  ofScript({
    name: 'max_async_transfers',
    type: 'int',
    unit: 'transfers',
    default: 100,
    minimum: 0,
    maximum: 1_000_000,
    summary:
      'Asynchronous transfers that one worker may run at a time; beyond it they are done as blocking ones. 0: all are.',
  }),
  row(
    {
      name: 'max_transfer_size',
      type: 'int',
      unit: 'KB',
      default: CLIENT_OPTIONS.maxBodySize.default / bytesPerKilobyte,
      minimum: 0,
      maximum: 2_097_151,
      summary:
        'Largest body of an answer; one byte more stops the transfer with -10. 0 switches the check off.',
    },
    (kilobytes) => ({
      maxBodySize: kilobytes === 0 ? Number.POSITIVE_INFINITY : kilobytes * bytesPerKilobyte,
    }),
  ),
  row(
    {
      name: 'ssl_verifypeer',
      type: 'boolean',
      default: TLS_OPTIONS.verifyPeer.default,
      summary: TLS_OPTIONS.verifyPeer.doc,
    },
    (verifyPeer) => ({ tls: { verifyPeer } }),
  ),
  row(
    {
      name: 'ssl_verifyhost',
      type: 'boolean',
      default: TLS_OPTIONS.verifyHost.default,
      maximum: 2, // what libcurl's own option takes for yes, and scripts write
      summary: `${TLS_OPTIONS.verifyHost.doc} A script may write 2 for yes.`,
    },
    (verifyHost) => ({ tls: { verifyHost } }),
  ),
  row(
    {
      name: 'ssl_capath',
      type: 'string',
      default: TLS_OPTIONS.caPath.default,
      summary: 'Folder of CA certificates, hashed names or any PEM files, beside the default ones.',
    },
    (caPath) => ({ tls: { caPath } }),
  ),
  row(
    {
      name: 'curl_http_version',
      type: 'int',
      default: HTTP_VERSIONS.findIndex(({ name }) => name === CLIENT_OPTIONS.httpVersion.default),
      minimum: 0,
      maximum: HTTP_VERSIONS.length - 1,
      summary:
        '0 HTTP/2 where TLS offers it, else 1.1; 1 HTTP/1.0; 2 HTTP/1.1; 3 try HTTP/2; 4 HTTP/2 over TLS only; 5 HTTP/2 in clear text by prior knowledge.',
    },
    (index) => ({ httpVersion: HTTP_VERSIONS[index]?.name }),
  ),
  row(
    {
      name: 'enable_expect_100',
      type: 'boolean',
      default: CLIENT_OPTIONS.expect100.default,
      summary:
        'Ask with Expect: 100-continue before a body of more than 1,024 bytes, and wait one second at most.',
    },
    (expect100) => ({ expect100 }),
  ),
  row(
    {
      name: 'no_concurrent_connects',
      type: 'boolean',
      default: CLIENT_OPTIONS.noConcurrentConnects.default,
      summary: 'Only one worker at a time connects to a host name; the others get -4 at once.',
    },
    (noConcurrentConnects) => ({ noConcurrentConnects }),
  ),
  time('lockFreeAge', 'int', {
    name: 'curl_conn_lifetime',
    summary:
      'With no_concurrent_connects: a worker with a connection to the host that is younger than this skips the lock. 0: never.',
  }),
  row(
    {
      name: 'use_proxy',
      type: 'boolean',
      default: CLIENT_OPTIONS.proxy.default === 'environment',
      summary:
        "siprest's own: send requests through the proxies that the environment variables http_proxy, https_proxy, all_proxy and no_proxy name. 0 ignores them.",
    },
    (used) => ({ proxy: used ? 'environment' : 'none' }),
  ),
];

export const parameters: readonly ParameterSpec[] = rows.map(({ spec }) => spec);

/** The client's options by what the script sets. */
export function clientOptions(values: ParameterValues): RestClientOptions {
  let all: RestClientOptions = {};
  for (const { spec, options } of rows) {
    const own = options(values[spec.name] ?? spec.default);
    all = { ...all, ...own, tls: { ...all.tls, ...own.tls } };
  }
  const { timeout = 0, connectTimeout = 0 } = all;
  return { ...all, connectTimeout: Math.min(connectTimeout, timeout) };
}

/** Warnings about parameters that do not go together. */
export function validate(values: ParameterValues): readonly string[] {
  const connectionTimeout = Number(values['connection_timeout']);
  const curlTimeout = Number(values['curl_timeout']);
  const standard = CLIENT_OPTIONS.connectTimeout.default / millisecondsPerSecond;
  if (connectionTimeout <= curlTimeout || connectionTimeout === standard) return [];
  return [
    `connection_timeout (${connectionTimeout} s) is above curl_timeout (${curlTimeout} s), which is used instead`,
  ];
}
