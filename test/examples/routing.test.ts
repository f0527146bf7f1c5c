import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { buildReply, headerText, parseMessage, sendReply, UdpTransport } from '../../src/sip/index.ts';
import { type RequestEvent, type SipRequest, sendRequest } from '../../src/sip.ts';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';

const example = fileURLToPath(new URL('../../examples/routing/opensips.cfg', import.meta.url));

/** A called party that answers every INVITE with one status, every other request with 200. */
async function startCallee(status: number) {
  const got: SipRequest[] = [];
  const transport = closeLater(
    await UdpTransport.bind({
      address: '127.0.0.1',
      port: 0,
      onMessage: (data, source, socket) => {
        const message = parseMessage(data, source, socket);
        if (message.kind !== 'request') return;
        got.push(message);
        if (message.method === 'ACK') return;
        const headers = headerText(
          `Contact: <sip:callee@127.0.0.1:${socket.local.port}>\r\n${message
            .headerList('record-route')
            .map((route) => `Record-Route: ${route}\r\n`)
            .join('')}`,
        );
        sendReply(
          message,
          buildReply(message, {
            status: message.method === 'INVITE' ? status : 200,
            toTag: 'callee',
            ...(headers === null ? {} : { headers }),
          }),
        );
      },
    }),
  );
  const { port } = transport.local;
  return { uri: `sip:bob@127.0.0.1:${port}`, got, methods: () => got.map(({ method }) => method) };
}

/** The example on a port of its own, asking `answer` where a target leads. */
async function startExample(answer: (target: string) => string | null) {
  const service = closeLater(
    await startService(({ target }, response) => {
      const place = answer(target);
      if (place === null) respond(response, 404, '');
      else respond(response, 200, place);
    }),
  );
  const port = await freePort();
  const file = join(temporaryFolder('routing'), 'opensips.cfg');
  const text = readFileSync(example, 'latin1')
    .replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`)
    .replace('http://127.0.0.1:8081', service.origin);
  writeFileSync(file, text);
  const program = closeLater(launchSiprest(['run', file]));
  await program.prints(`listening on tcp:127.0.0.1:${port}`);
  return { port, service };
}

async function call(uri: string, proxy: string): Promise<number[]> {
  const events: RequestEvent[] = [];
  for await (const event of sendRequest({ method: 'INVITE', uri, proxy, talk: 20 })) events.push(event);
  return events.flatMap((event) =>
    event.kind === 'response' && event.response.status >= 200 ? event.response.status : [],
  );
}

describe('examples/routing/opensips.cfg', () => {
  it('has no errors', async () => {
    const check = launchSiprest(['check', example]);
    expect([await check.ended, check.stdout + check.stderr]).toEqual([
      0,
      expect.not.stringMatching(/^error/m),
    ]);
  });

  it.each(['udp', 'tcp'])(
    'sends a call over %s where the service says, and on after a failure',
    async (transport) => {
      const [busy, free] = [await startCallee(486), await startCallee(200)];
      const { port, service } = await startExample((target) =>
        target.includes('failed=486') ? free.uri : busy.uri,
      );
      expect(await call('sip:bob@home.example', `${transport}:127.0.0.1:${port}`)).toEqual([200, 200]);
      expect(service.seen.map(({ target }) => target)).toEqual([
        '/route?to=bob',
        '/route?to=bob&failed=486&tries=1',
      ]);
      expect(busy.methods()).toEqual(['INVITE', 'ACK']);
      // ACK and BYE of the call came by the Record-Route
      expect(free.methods()).toEqual(['INVITE', 'ACK', 'BYE']);
      expect(free.got[0]?.headerList('record-route')).toHaveLength(transport === 'udp' ? 1 : 2);
      expect(free.got[2]?.headerList('route')).toEqual([]);
    },
  );

  it('forwards the failure without another place to try, and answers 404 without any place', async () => {
    const busy = await startCallee(486);
    const { port } = await startExample((target) => (target === '/route?to=bob' ? busy.uri : null));
    const proxy = `127.0.0.1:${port}`;
    expect(await call('sip:bob@home.example', proxy)).toEqual([486]);
    expect(await call('sip:nobody@home.example', proxy)).toEqual([404]);
  });
});
