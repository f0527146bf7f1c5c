import { RestOptionError } from './errors.ts';

/** How a parameter's value is written: whole numbers, seconds with fractions, yes/no, text. */
export type ParameterType = 'integer' | 'seconds' | 'boolean' | 'string';

/** One row of the table of parameters. */
export interface RestParameter {
  /** The script's name, as in `modparam("rest_client", name, value)`. */
  readonly name: string;
  /** The same in camelCase, as in `new RestClient({ name: value })`. */
  readonly option: keyof RestParameterValues;
  readonly type: ParameterType;
  /** `s`, `ms`, `KB`, `transfers` or nothing. */
  readonly unit: '' | 's' | 'ms' | 'KB' | 'transfers';
  readonly default: number | boolean | string;
  /** Smallest and largest value of a number; of a boolean, the largest number that means yes in a script. */
  readonly min?: number;
  readonly max?: number;
  /** One line for the reference. */
  readonly doc: string;
}

/** The module's parameters under their camelCase names. Times in seconds, sizes in KB, as in a script. */
export interface RestParameterValues {
  /** Longest time for a whole transfer, connecting included; fractions are allowed. Default 20. */
  readonly curlTimeout: number;
  /** Longest time to connect: DNS, TCP and TLS together; clamped to `curlTimeout`. Default 20. */
  readonly connectionTimeout: number;
  /** Accepted for scripts; nothing polls here, a connection that is ready says so itself. Default 20. */
  readonly connectPollInterval: number;
  /** Asynchronous transfers that one worker may run at a time; 0: none. Default 100. */
  readonly maxAsyncTransfers: number;
  /** Largest body of an answer in KB; more ends the transfer with -10; 0 is no limit. Default 10240. */
  readonly maxTransferSize: number;
  /** Verify the server's certificate chain. Default true. */
  readonly sslVerifypeer: boolean;
  /** Verify that the certificate names the host. Default true. */
  readonly sslVerifyhost: boolean;
  /** Folder of further CA certificates. Default none. */
  readonly sslCapath: string;
  /** HTTP version, 0 to 5, see docs/rest-client.md. Default 0. */
  readonly curlHttpVersion: number;
  /** `Expect: 100-continue` on bodies over 1,024 bytes. Default false. */
  readonly enableExpect100: boolean;
  /** One client at a time connects to a host name; the others get -4. Default false. */
  readonly noConcurrentConnects: boolean;
  /** With a connection younger than this (seconds), a worker skips that lock; 0 is never. Default 0. */
  readonly curlConnLifetime: number;
  /** Send requests through the proxies that the environment names (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`). siprest's own. Default true. */
  readonly useProxy: boolean;
}

const LONGEST = 2_000_000; // seconds: within what one timer can wait

/** Every parameter of `rest_client`: validation, the script's module table and the reference read this. */
export const REST_PARAMETERS: readonly RestParameter[] = [
  {
    name: 'curl_timeout',
    option: 'curlTimeout',
    type: 'seconds',
    unit: 's',
    default: 20,
    min: 0.001,
    max: LONGEST,
    doc: 'Longest time for a whole transfer, connecting included. Fractions are allowed ("0.25").',
  },
  {
    name: 'connection_timeout',
    option: 'connectionTimeout',
    type: 'seconds',
    unit: 's',
    default: 20,
    min: 0.001,
    max: LONGEST,
    doc: 'Longest time to connect: name lookup, TCP and TLS together. Clamped to curl_timeout.',
  },
  {
    name: 'connect_poll_interval',
    option: 'connectPollInterval',
    type: 'integer',
    unit: 'ms',
    default: 20,
    min: 1,
    max: 60_000,
    doc: 'Accepted and without effect: a connection that is ready says so itself, nothing polls.',
  },
  {
    name: 'max_async_transfers',
    option: 'maxAsyncTransfers',
    type: 'integer',
    unit: 'transfers',
    default: 100,
    min: 0,
    max: 1_000_000,
    doc: 'Asynchronous transfers that one worker may run at a time; beyond it they are done as blocking ones. 0: all are.',
  },
  {
    name: 'max_transfer_size',
    option: 'maxTransferSize',
    type: 'integer',
    unit: 'KB',
    default: 10_240,
    min: 0,
    max: 2_097_151,
    doc: 'Largest body of an answer; one byte more stops the transfer with -10. 0 switches the check off.',
  },
  {
    name: 'ssl_verifypeer',
    option: 'sslVerifypeer',
    type: 'boolean',
    unit: '',
    default: true,
    doc: "Verify the chain of the server's certificate.",
  },
  {
    name: 'ssl_verifyhost',
    option: 'sslVerifyhost',
    type: 'boolean',
    unit: '',
    default: true,
    max: 2, // what libcurl's own option takes for yes, and scripts write
    doc: "Verify that the server's certificate is for the host of the URL, whether the chain is verified or not. A script may write 2 for yes.",
  },
  {
    name: 'ssl_capath',
    option: 'sslCapath',
    type: 'string',
    unit: '',
    default: '',
    doc: 'Folder of CA certificates, hashed names or any PEM files, beside the default ones.',
  },
  {
    name: 'curl_http_version',
    option: 'curlHttpVersion',
    type: 'integer',
    unit: '',
    default: 0,
    min: 0,
    max: 5,
    doc: '0 HTTP/2 where TLS offers it, else 1.1; 1 HTTP/1.0; 2 HTTP/1.1; 3 try HTTP/2; 4 HTTP/2 over TLS only; 5 HTTP/2 in clear text by prior knowledge.',
  },
  {
    name: 'enable_expect_100',
    option: 'enableExpect100',
    type: 'boolean',
    unit: '',
    default: false,
    doc: 'Ask with Expect: 100-continue before a body of more than 1,024 bytes, and wait one second at most.',
  },
  {
    name: 'no_concurrent_connects',
    option: 'noConcurrentConnects',
    type: 'boolean',
    unit: '',
    default: false,
    doc: 'Only one worker at a time connects to a host name; the others get -4 at once.',
  },
  {
    name: 'curl_conn_lifetime',
    option: 'curlConnLifetime',
    type: 'integer',
    unit: 's',
    default: 0,
    min: 0,
    max: LONGEST,
    doc: 'With no_concurrent_connects: a worker with a connection to the host that is younger than this skips the lock. 0: never.',
  },
  {
    name: 'use_proxy',
    option: 'useProxy',
    type: 'boolean',
    unit: '',
    default: true,
    doc: "siprest's own: send requests through the proxies that the environment variables http_proxy, https_proxy, all_proxy and no_proxy name. 0 ignores them.",
  },
];

const byOption = new Map<string, RestParameter>(REST_PARAMETERS.map((p) => [p.option, p]));
const byName = new Map<string, RestParameter>(REST_PARAMETERS.map((p) => [p.name, p]));

/** The parameter with this script-facing name (`curl_timeout`) or camelCase name (`curlTimeout`). */
export function findRestParameter(name: string): RestParameter | undefined {
  return byName.get(name) ?? byOption.get(name);
}

const EXPECTED: Record<ParameterType, string> = {
  integer: 'a whole number',
  seconds: 'a number of seconds',
  boolean: 'true or false (or 1 or 0)',
  string: 'a string',
};

const unitOf = (p: RestParameter): string => (p.unit === '' ? '' : ` ${p.unit}`);

/**
 * Checks one value against the table and gives it its type. Accepts what a script may write: numbers as
 * text (`"0.25"`), `0` and `1` for no and yes.
 * @param label how the caller knows the parameter, for the message
 * @throws RestOptionError that names the parameter, the value and the range
 */
export function parseRestParameter(
  parameter: RestParameter,
  value: unknown,
  label: string = parameter.option,
): number | boolean | string {
  const wrongType = (): RestOptionError =>
    new RestOptionError(
      'wrong-type',
      label,
      `${label} takes ${EXPECTED[parameter.type]}, not ${describe(value)}`,
    );
  switch (parameter.type) {
    case 'string':
      if (typeof value !== 'string' || value.includes('\0')) throw wrongType();
      return value;
    case 'boolean': {
      if (typeof value === 'boolean') return value;
      if (value === 0 || value === 1) return value === 1;
      const word = typeof value === 'string' ? value.trim().toLowerCase() : '';
      if (TRUE.has(word)) return true;
      if (FALSE.has(word)) return false;
      throw wrongType();
    }
    case 'integer':
    case 'seconds': {
      const number = typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
      if (typeof number !== 'number' || Number.isNaN(number)) throw wrongType();
      if (parameter.type === 'integer' && Number.isFinite(number) && !Number.isInteger(number)) {
        throw wrongType();
      }
      const min = parameter.min ?? Number.NEGATIVE_INFINITY;
      const max = parameter.max ?? Number.POSITIVE_INFINITY;
      if (number < min || number > max) {
        throw new RestOptionError(
          'out-of-range',
          label,
          `${label} is ${number}, but must be between ${min} and ${max}${unitOf(parameter)}`,
        );
      }
      return number;
    }
  }
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)$/;
const TRUE = new Set(['1', 'true', 'yes', 'on']);
const FALSE = new Set(['0', 'false', 'no', 'off']);

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'an array' : 'an object';
}
