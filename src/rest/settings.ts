import { Proxies } from '../net/index.ts';
import { RestOptionError } from './errors.ts';
import type { LogFunction } from './log.ts';
import {
  findRestParameter,
  parseRestParameter,
  REST_PARAMETERS,
  type RestParameterValues,
} from './parameters.ts';
import type { Policy } from './policies.ts';
import { RestShared } from './shared.ts';

/** Options of a client: the module's parameters in camelCase, in their units (seconds, KB), and what is not a parameter. */
export type RestClientOptions = {
  readonly [K in keyof RestParameterValues]?: RestParameterValues[K] | undefined;
} & {
  /** Default: nothing is logged. */
  readonly log?: LogFunction | undefined;
  /** What several clients have in common: connect lock, DNS cache, TLS contexts. Default: the process's own. */
  readonly shared?: RestShared | undefined;
  /** What each request goes through before it is sent, in this order. Default: none. */
  readonly policies?: readonly Policy[] | undefined;
};

/** Options as the client uses them: checked, complete, in milliseconds and bytes. */
export interface Settings {
  readonly values: RestParameterValues;
  readonly transferTimeout: number;
  readonly connectTimeout: number;
  readonly maxBytes: number;
  readonly connectionLifetime: number;
  readonly log: LogFunction;
  readonly shared: RestShared;
  /** Null where proxies are ignored or none is named. */
  readonly proxies: Proxies | null;
  readonly policies: readonly Policy[];
}

const OTHER_OPTIONS = new Set(['log', 'shared', 'policies']);

/** @throws RestOptionError */
export function readOptions(options: RestClientOptions): Settings {
  if (options === null || typeof options !== 'object') {
    throw new RestOptionError('wrong-type', 'options', 'the options of a RestClient are an object');
  }
  const given: Record<string, unknown> = { ...options };
  for (const key of Object.keys(given)) {
    if (OTHER_OPTIONS.has(key)) continue;
    const parameter = findRestParameter(key);
    if (parameter?.option === key) continue;
    const hint = parameter === undefined ? '' : `, did you mean ${parameter.option}?`;
    throw new RestOptionError('unknown-option', key, `${key} is no option of a RestClient${hint}`);
  }
  const read: Record<string, number | boolean | string> = {};
  for (const parameter of REST_PARAMETERS) {
    const value = given[parameter.option];
    read[parameter.option] = value === undefined ? parameter.default : parseRestParameter(parameter, value);
  }
  const log = options.log ?? silent;
  if (typeof log !== 'function') throw new RestOptionError('wrong-type', 'log', 'log is a function');
  const shared = options.shared ?? RestShared.ofProcess();
  if (!(shared instanceof RestShared)) {
    throw new RestOptionError('wrong-type', 'shared', 'shared is a RestShared');
  }
  const policies = options.policies ?? [];
  if (!Array.isArray(policies) || !policies.every((policy) => typeof policy === 'function')) {
    throw new RestOptionError('wrong-type', 'policies', 'policies is a list of functions');
  }
  const asked = read as unknown as RestParameterValues;
  if (asked.connectionTimeout > asked.curlTimeout && options.connectionTimeout !== undefined) {
    log(
      'warning',
      `connection_timeout (${asked.connectionTimeout} s) is above curl_timeout (${asked.curlTimeout} s), which is used instead`,
    );
  }
  const values: RestParameterValues = {
    ...asked,
    connectionTimeout: Math.min(asked.connectionTimeout, asked.curlTimeout),
  };
  const proxies = values.useProxy ? new Proxies() : null;
  return {
    values,
    transferTimeout: values.curlTimeout * 1000,
    connectTimeout: values.connectionTimeout * 1000,
    maxBytes: values.maxTransferSize === 0 ? Number.POSITIVE_INFINITY : values.maxTransferSize * 1024,
    connectionLifetime: values.curlConnLifetime * 1000,
    log,
    shared,
    proxies: proxies?.any === true ? proxies : null,
    policies: [...policies],
  };
}

function silent(): void {}
