import { describe, expect, it } from 'vitest';
import { newClient, textOf } from '../rest/fixture.ts';
import { closeLater } from '../support/close-later.ts';
import { startNginx } from '../support/http-servers.ts';
import { respond, startService } from '../support/service.ts';
import { type Piece, startTap } from '../support/tap.ts';
import { startApacheWithCgi } from './apache-cgi.ts';

/** `enable_expect_100`, as nginx and Apache answer to it; a tap between shows who waited for whom. */

const large = 'x'.repeat(20_000);
const edge = 'x'.repeat(1_024);

/** Who said what, in turn: the client's headers and body apart, the server's status lines. */
function conversation(pieces: readonly Piece[]): string[] {
  return pieces.flatMap(({ from, text }) => {
    if (from === 'server') return [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => `${status}`);
    const end = text.indexOf('\r\n\r\n');
    if (!/^(?:POST|PUT) /.test(text)) return [`body of ${text.length}`];
    const expectation = /^expect: (.*)$/im.exec(text.slice(0, end))?.[1]?.trim();
    const said = `header ${expectation ?? 'without Expect'}`;
    const body = text.length - end - 4;
    return body > 0 ? [said, `body of ${body}`] : [said];
  });
}

const echo = 'printf "Content-Type: text/plain\\r\\n\\r\\n"; cat | wc -c';

describe('enable_expect_100 and Apache', () => {
  it('asks for bodies of 1,025 bytes or more, gets 100, and sends the body', async () => {
    const server = await startApacheWithCgi({ count: echo });
    const tap = closeLater(await startTap(server.origin));
    const client = newClient({ expect100: true });
    const url = `${tap.origin}/cgi/count`;
    expect(textOf(await client.post(url, large)).trim()).toBe('20000');
    expect(textOf(await client.put(url, `${edge}x`)).trim()).toBe('1025');
    expect(conversation(tap.pieces)).toEqual([
      ...['header 100-continue', '100', 'body of 20000', '200'],
      ...['header 100-continue', '100', 'body of 1025', '200'],
    ]);
  });

  it('does not ask for smaller bodies, nor when it is off', async () => {
    const server = await startApacheWithCgi({ count: echo });
    const tap = closeLater(await startTap(server.origin));
    const url = `${tap.origin}/cgi/count`;
    expect(textOf(await newClient({ expect100: true }).post(url, edge)).trim()).toBe('1024');
    expect(textOf(await newClient().post(url, large)).trim()).toBe('20000');
    expect(conversation(tap.pieces)).toEqual([
      ...['header without Expect', 'body of 1024', '200'],
      ...['header without Expect', 'body of 20000', '200'],
    ]);
  });

  it('repeats the request without Expect if Apache answers 417', async () => {
    const server = await startApacheWithCgi(
      { count: echo },
      'RewriteEngine on\nRewriteCond %{HTTP:Expect} .\nRewriteRule ^ - [R=417,L]',
    );
    const tap = closeLater(await startTap(server.origin));
    const outcome = await newClient({ expect100: true }).post(`${tap.origin}/cgi/count`, large);
    expect([outcome.rc, outcome.retcode, textOf(outcome).trim()]).toEqual([1, 200, '20000']);
    expect(conversation(tap.pieces)).toEqual([
      ...['header 100-continue', '417'],
      ...['header without Expect', 'body of 20000', '200'],
    ]);
  });

  it('takes a refusal as the outcome, and does not send the body', async () => {
    const server = await startApacheWithCgi(
      { count: echo },
      '<Location /cgi/>\nRequire all denied\n</Location>',
    );
    const tap = closeLater(await startTap(server.origin));
    const client = newClient({ expect100: true });
    const outcomes = [];
    for (let i = 0; i < 2; i++) outcomes.push(await client.post(`${tap.origin}/cgi/count`, large));
    expect(outcomes.map((o) => [o.rc, o.retcode, o.reused])).toEqual([
      [1, 403, false],
      [1, 403, false],
    ]);
    expect(conversation(tap.pieces)).toEqual(['header 100-continue', '403', 'header 100-continue', '403']);
  });
});

describe('enable_expect_100 and nginx', () => {
  it('asks, gets 100, and sends the body', async () => {
    const service = closeLater(
      await startService(({ body }, response) => respond(response, 200, `${body.length}`)),
    );
    const server = closeLater(
      await startNginx({ configuration: `location / { proxy_pass ${service.origin}; }` }),
    );
    const tap = closeLater(await startTap(server.origin));
    const outcome = await newClient({ expect100: true }).post(tap.origin, large);
    expect([outcome.rc, outcome.retcode, textOf(outcome)]).toEqual([1, 200, '20000']);
    expect(conversation(tap.pieces)).toEqual(['header 100-continue', '100', 'body of 20000', '200']);
  });

  it('takes 413 as the outcome, and does not send the body', async () => {
    const server = closeLater(
      await startNginx({
        configuration: 'client_max_body_size 1k; location / { proxy_pass http://127.0.0.1:9; }',
      }),
    );
    const tap = closeLater(await startTap(server.origin));
    const outcome = await newClient({ expect100: true }).post(tap.origin, large);
    expect([outcome.rc, outcome.retcode]).toEqual([1, 413]);
    expect(conversation(tap.pieces)).toEqual(['header 100-continue', '413']);
  });

  it('without it, an early 413 to a large body is the outcome too', async () => {
    const server = closeLater(await startNginx({ configuration: 'client_max_body_size 1k;' }));
    const client = newClient();
    for (let i = 0; i < 3; i++) {
      const outcome = await client.post(`${server.origin}/hello.txt`, large);
      expect([outcome.rc, outcome.retcode]).toEqual([1, 413]);
      expect(textOf(await client.get(`${server.origin}/hello.txt`))).toBe('hello, world\n');
    }
  });

  it.each([
    ['HTTP/2', 'auto'],
    ['HTTP/1.0', '1.0'],
  ] as const)(
    'that answers 417 unasked, over %s, has answered: the body is not sent again',
    async (_name, version) => {
      const service = closeLater(await startService((_, response) => respond(response, 417, 'no')));
      const server = closeLater(
        await startNginx({ configuration: `location / { proxy_pass ${service.origin}; }` }),
      );
      const client = newClient({ expect100: true, tls: { verifyPeer: false }, httpVersion: version });
      expect((await client.post(server.secureOrigin, large)).retcode).toBe(417);
      expect(service.seen.map(({ body }) => body.length)).toEqual([large.length]);
    },
  );

  it('does not ask over HTTP/2: the body is sent at once', async () => {
    const service = closeLater(
      await startService(({ body, headers }, response) =>
        respond(response, 200, `${body.length} ${headers.expect ?? 'without Expect'}`),
      ),
    );
    const server = closeLater(
      await startNginx({
        configuration: `location / { proxy_pass ${service.origin}; proxy_set_header Expect $http_expect; }`,
      }),
    );
    const client = newClient({ expect100: true, tls: { verifyPeer: false } });
    const outcome = await client.post(server.secureOrigin, large);
    expect([outcome.connection?.protocol, textOf(outcome)]).toEqual(['h2', '20000 without Expect']);
  });
});
