import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findRestParameter,
  parseRestParameter,
  REST_PARAMETERS,
  RestClient,
  RestOptionError,
} from '../../src/rest/index.ts';

const parameter = (name: string) => {
  const found = findRestParameter(name);
  if (found === undefined) throw new Error(`no parameter ${name}`);
  return found;
};

describe('the table of parameters', () => {
  it('has the documented names and defaults', () => {
    expect(Object.fromEntries(REST_PARAMETERS.map((p) => [p.name, p.default]))).toEqual({
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

  it('derives each camelCase name from the script-facing one', () => {
    for (const { name, option } of REST_PARAMETERS) {
      expect(option).toBe(name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()));
    }
  });

  it.each([
    ['curl_timeout', '0.25', 0.25],
    ['curl_timeout', 2, 2],
    ['connect_poll_interval', '2', 2],
    ['enable_expect_100', 1, true],
    ['enable_expect_100', 'true', true],
    ['ssl_verifypeer', '0', false],
    ['ssl_capath', '/etc/ssl', '/etc/ssl'],
  ])('%s takes %j', (name, value, read) => {
    expect(parseRestParameter(parameter(name), value)).toBe(read);
  });

  it.each([
    ['curl_timeout', 0, 'between 0.001 and'],
    ['curl_timeout', -1, 'between'],
    ['curl_timeout', 'soon', 'a number of seconds'],
    ['curl_timeout', Number.NaN, 'a number of seconds'],
    ['curl_timeout', Number.POSITIVE_INFINITY, 'between'],
    ['max_async_transfers', 1.5, 'a whole number'],
    ['max_async_transfers', -1, 'between 0 and'],
    ['curl_http_version', 6, 'curl_http_version is 6, but must be between 0 and 5'],
    ['ssl_verifypeer', 2, 'true or false'],
    ['ssl_capath', 7, 'a string'],
    ['max_transfer_size', null, 'a whole number'],
  ])('%s refuses %j', (name, value, message) => {
    expect(() => parseRestParameter(parameter(name), value, name)).toThrow(RestOptionError);
    expect(() => parseRestParameter(parameter(name), value, name)).toThrow(message);
  });

  it('throws nothing but its own error', () => {
    fc.assert(
      fc.property(fc.constantFrom(...REST_PARAMETERS), fc.anything(), (p, value) => {
        try {
          parseRestParameter(p, value);
        } catch (error) {
          expect(error).toBeInstanceOf(RestOptionError);
        }
      }),
    );
  });
});

describe('a RestClient', () => {
  it('refuses options that there are not, and names the right one', () => {
    expect(() => new RestClient({ curl_timeout: 2 } as object)).toThrow('did you mean curlTimeout?');
    expect(() => new RestClient({ timeout: 2 } as object)).toThrow('timeout is no option');
    expect(() => new RestClient({ curlHttpVersion: 9 })).toThrow('curlHttpVersion is 9');
    expect(() => new RestClient({ log: 'yes' } as unknown as object)).toThrow(RestOptionError);
  });

  it('clamps connection_timeout to curl_timeout, with a warning where it was asked for', () => {
    const said: string[] = [];
    const log = (level: string, message: string): number => said.push(`${level} ${message}`);
    expect(new RestClient({ curlTimeout: 1, connectionTimeout: 9, log }).parameters.connectionTimeout).toBe(
      1,
    );
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('warning connection_timeout (9 s) is above curl_timeout (1 s)');
    expect(new RestClient({ curlTimeout: 1, log }).parameters.connectionTimeout).toBe(1);
    expect(said).toHaveLength(1);
  });

  it('rejects a programmer’s mistakes, and nothing else', async () => {
    const client = new RestClient();
    await expect(client.get(7 as unknown as string)).rejects.toThrow(RestOptionError);
    await expect(client.post('http://127.0.0.1/', 7 as unknown as string)).rejects.toThrow(RestOptionError);
    await expect(client.get('http://127.0.0.1/', { timeout: 0 })).rejects.toThrow('timeout is 0');
    await expect(client.get('http://127.0.0.1/', { headers: { 'X A': 'b' } })).rejects.toThrow('not a token');
    await expect(client.get('http://127.0.0.1/', { headers: { 'X-A': 'b\r\nX-B: c' } })).rejects.toThrow(
      'line break',
    );
    await expect(client.request('GET /x', 'http://127.0.0.1/')).rejects.toThrow(RestOptionError);
    await client.close();
  });
});
