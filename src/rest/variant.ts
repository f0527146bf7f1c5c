/** A client with other defaults on the connections of another one. */
import { readBaseUrl, readDefaultHeaders } from './defaults.ts';
import { invalidOption } from './errors.ts';
import { CLIENT_OPTIONS } from './options.ts';
import { checkOption, objectOf } from './read-options.ts';
import { headersOver } from './request-headers.ts';
import type { ClientSettings, RestClientOptions } from './settings.ts';
import { TlsClientDomain } from './tls-domain.ts';

/** What a client may have of its own on the connections of another: see {@link RestClientOptions}. `headers` are added. */
export type VariantOptions = Pick<
  RestClientOptions,
  'timeout' | 'connectTimeout' | 'headers' | 'baseUrl' | 'tlsDomain'
>;

const NAMES = new Set(['timeout', 'connectTimeout', 'headers', 'baseUrl', 'tlsDomain']);

/** @throws RestOptionError */
export function variantOf(base: ClientSettings, options: VariantOptions): ClientSettings {
  objectOf('options', options, NAMES, 'with()');
  const {
    timeout = base.timeout,
    connectTimeout = base.connectTimeout,
    tlsDomain = base.tlsDomain,
  } = options;
  checkOption('timeout', CLIENT_OPTIONS.timeout, timeout);
  checkOption('connectTimeout', CLIENT_OPTIONS.connectTimeout, connectTimeout);
  if (tlsDomain !== null && !(tlsDomain instanceof TlsClientDomain))
    throw invalidOption('tlsDomain', tlsDomain, 'a TlsClientDomain');
  return {
    ...base,
    timeout,
    connectTimeout: Math.min(connectTimeout, timeout),
    tlsDomain,
    headers: headersOver(base.headers, readDefaultHeaders(options.headers)),
    baseUrl: readBaseUrl(options.baseUrl) ?? base.baseUrl,
  };
}
