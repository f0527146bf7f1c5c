import { afterEach, describe, expect, it, vi } from 'vitest';
import { newClient, reasonOf, textOf } from '../rest/fixture.ts';
import { closeLater } from '../support/close-later.ts';
import { type HttpServer, startNginx } from '../support/http-servers.ts';
import { startSiprest } from '../support/program.ts';
import { sendSip } from '../support/sip-client.ts';
import { startTinyproxy } from '../support/tinyproxy.ts';
import { caFolder } from './ca-folder.ts';

/** http_proxy and https_proxy, as tinyproxy serves them. */

for (const name of ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'])
  for (const one of [name, name.toUpperCase()]) delete process.env[one];
afterEach(() => vi.unstubAllEnvs());

const allowing = ({ origin, secureOrigin }: HttpServer): string[] =>
  [origin, secureOrigin].map((url) => `ConnectPort ${new URL(url).port}`);

function use(address: string, user = ''): void {
  vi.stubEnv('http_proxy', `http://${user}${address}`);
  vi.stubEnv('https_proxy', `http://${user}${address}`);
}

describe('through tinyproxy', () => {
  it.each(['auto', '1.1'] as const)(
    'both kinds of URLs are answered, HTTP version %s',
    async (httpVersion) => {
      const server = closeLater(await startNginx());
      const proxy = closeLater(await startTinyproxy(allowing(server)));
      use(proxy.address);
      const client = newClient({ tls: { caPath: caFolder(server.authority) }, httpVersion });
      const direct = await newClient({ proxy: 'none' }).get(`${server.origin}/hello.txt`);
      for (const origin of [server.origin, server.secureOrigin]) {
        const outcomes = await Promise.all(
          Array.from({ length: 5 }, () => client.get(`${origin}/hello.txt`)),
        );
        expect(outcomes.map((o) => [o.rc, o.retcode, textOf(o)])).toEqual(
          outcomes.map(() => [1, 200, textOf(direct)]),
        );
        expect(outcomes[0]?.connection?.protocol).toBe(
          origin === server.secureOrigin && httpVersion === 'auto' ? 'h2' : 'http/1.1',
        );
      }
      expect(proxy.program.stdout + proxy.program.stderr).toContain(
        `CONNECT localhost:${new URL(server.secureOrigin).port}`,
      );
    },
  );

  it('user and password are requested and sent', async () => {
    const server = closeLater(await startNginx());
    const proxy = closeLater(await startTinyproxy(['BasicAuth me secret', ...allowing(server)]));
    const options = { tls: { caPath: caFolder(server.authority) } };
    const urls = [`${server.origin}/hello.txt`, `${server.secureOrigin}/hello.txt`];
    use(proxy.address, 'me:secret@');
    const knowing = newClient(options);
    for (const url of urls) expect((await knowing.get(url)).rc).toBe(1);
    use(proxy.address, 'me:wrong@');
    const wrong = newClient(options);
    const [plain, secure] = [await wrong.get(urls[0] ?? ''), await wrong.get(urls[1] ?? '')];
    expect([plain.rc, plain.retcode === 407 || plain.retcode === 401]).toEqual([1, true]);
    expect([secure.rc, secure.retcode]).toEqual([-10, 0]);
    expect(reasonOf(secure)).toMatch(/refused a tunnel to localhost:\d+: 40[17]/);
    expect(reasonOf(secure)).not.toContain('wrong');
  });

  it('its errors for unreachable or forbidden hosts are the answer', async () => {
    const server = closeLater(await startNginx());
    const proxy = closeLater(await startTinyproxy(['ConnectPort 1']));
    use(proxy.address);
    const client = newClient({ tls: { caPath: caFolder(server.authority) } });
    const refused = await client.get('http://127.0.0.1:1/');
    expect([refused.rc, refused.retcode]).toEqual([1, 500]);
    const forbidden = await client.get(`${server.secureOrigin}/hello.txt`);
    expect([forbidden.rc, reasonOf(forbidden)]).toEqual([-10, expect.stringContaining(': 403 ')]);
  });

  it('a script uses it, unless use_proxy is 0', async () => {
    const server = closeLater(await startNginx());
    const proxy = closeLater(await startTinyproxy());
    const statuses: (string | undefined)[] = [];
    for (const line of ['', 'modparam("rest_client", "use_proxy", 0)']) {
      const siprest = closeLater(
        await startSiprest(
          `
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "rest_client.so"
${line}
route {
  $var(rc) = rest_get("${server.origin}/hello.txt", $var(body), $var(type), $var(code));
  send_reply(480, "$var(rc) $var(code)");
}
`,
          { env: { http_proxy: `http://${proxy.address}` } },
        ),
      );
      statuses.push((await sendSip({ method: 'OPTIONS' }, { port: siprest.port })).at(-1)?.reason);
    }
    expect(statuses).toEqual(['1 200', '1 200']);
    expect((proxy.program.stdout + proxy.program.stderr).split('Request (file descriptor').length - 1).toBe(
      1,
    );
  });
});
