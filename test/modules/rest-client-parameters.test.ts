import { describe, expect, it } from 'vitest';
import { clientOptions, parameters, validate } from '../../src/modules/rest-client/parameters.ts';
import { readOptions } from '../../src/rest/settings.ts';
import type { ParameterSpec } from '../../src/script/index.ts';
import { programOf } from '../support/server.ts';

/** As a script sets them, with the defaults of all else. */
function setting(values: Record<string, number | boolean | string>) {
  const written = Object.entries(values).map(([name, value]) => {
    const text = typeof value === 'string' || !Number.isInteger(Number(value)) ? `"${value}"` : Number(value);
    return `modparam("rest_client", "${name}", ${text})\n`;
  });
  return programOf(`loadmodule "rest_client.so"\n${written.join('')}route { exit; }\n`).parameters.get(
    parameters,
  );
}

describe('the parameters of rest_client', () => {
  it('have the documented names and defaults', () => {
    expect(Object.fromEntries(parameters.map((spec) => [spec.name, spec.default]))).toEqual({
      curl_timeout: 20,
      connection_timeout: 20,
      connect_poll_interval: 20,
      max_async_transfers: 100,
      max_transfer_size: 10240,
      ssl_verifypeer: true,
      ssl_verifyhost: true,
      ssl_capath: '',
      curl_http_version: 0,
      enable_expect_100: false,
      no_concurrent_connects: false,
      curl_conn_lifetime: 0,
      use_proxy: true,
    });
  });

  it('have ranges in the unit of the script', () => {
    const range = (name: string) => {
      const spec: ParameterSpec | undefined = parameters.find((one) => one.name === name);
      return [spec?.unit, spec?.minimum, spec?.maximum];
    };
    expect(range('curl_timeout')).toEqual(['s', 0.001, 2_000_000]);
    expect(range('max_transfer_size')).toEqual(['KB', 0, 2_097_151]);
    expect(range('curl_http_version')).toEqual([undefined, 0, 5]);
    expect(range('curl_conn_lifetime')).toEqual(['s', 0, 2_000_000]);
  });

  it('by default are the defaults of the client', () => {
    const { log: _log, shared: _shared, proxies: _proxies, ...standard } = readOptions({});
    expect(readOptions(clientOptions(setting({})))).toMatchObject(standard);
  });

  it.each([
    [{ curl_timeout: 0.25 }, { timeout: 250, connectTimeout: 250 }],
    [{ connection_timeout: 2 }, { connectTimeout: 2_000 }],
    [{ max_transfer_size: 64 }, { maxBodySize: 65_536 }],
    [{ max_transfer_size: 0 }, { maxBodySize: Number.POSITIVE_INFINITY }],
    [
      { ssl_verifypeer: false, ssl_capath: '/etc/ca' },
      { tls: { verifyPeer: false, verifyHost: true, caPath: '/etc/ca' } },
    ],
    [{ curl_http_version: 0 }, { httpVersion: 'auto' }],
    [{ curl_http_version: 1 }, { httpVersion: '1.0' }],
    [{ curl_http_version: 2 }, { httpVersion: '1.1' }],
    [{ curl_http_version: 3 }, { httpVersion: '2' }],
    [{ curl_http_version: 4 }, { httpVersion: '2-tls' }],
    [{ curl_http_version: 5 }, { httpVersion: '2-prior-knowledge' }],
    [{ enable_expect_100: true }, { expect100: true }],
    [
      { no_concurrent_connects: true, curl_conn_lifetime: 60 },
      { noConcurrentConnects: true, lockFreeAge: 60_000 },
    ],
    [{ use_proxy: false }, { proxy: 'none' }],
  ])('%j are %j', (values, options) => {
    expect(readOptions(clientOptions(setting(values)))).toMatchObject(options);
  });

  it('warn of a connection_timeout that is clamped, by the names of the script', () => {
    expect(validate(setting({ connection_timeout: 9, curl_timeout: 1 }))).toEqual([
      'connection_timeout (9 s) exceeds curl_timeout (1 s), which applies instead',
    ]);
    expect(validate(setting({ connection_timeout: 20, curl_timeout: 1 }))).toEqual([]);
    expect(validate(setting({ connection_timeout: 1, curl_timeout: 2 }))).toEqual([]);
  });
});
