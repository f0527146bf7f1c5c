/** subscribe_event() and the module event_datagram, with subscribers on real sockets. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { DnsNames } from '../../src/sip/index.ts';
import { runScript, type ScriptOptions } from '../support/run-script.ts';

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function subscriber(address = '127.0.0.1') {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  const received: string[] = [];
  socket.on('message', (data) => received.push(data.toString('utf8')));
  socket.bind(0, address);
  await once(socket, 'listening');
  open.push(() => socket.close());
  return { received, port: socket.address().port };
}

const run = (body: string, options: ScriptOptions = {}) =>
  runScript(body, { modules: ['event_datagram'], ...options });

const notification = (params?: unknown, method = 'E_A') =>
  JSON.stringify({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) });

describe('a subscriber', () => {
  test('gets JSON-RPC: named attributes as an object, others as an array, and no params without attributes', async () => {
    const { port, received } = await subscriber();
    const { prints } = await run(
      `subscribe_event("E_A", "udp:127.0.0.1:${port}"); xlog("$rc");
       raise_event("E_A");
       $avp(n) = "a"; $avp(n) = "b"; $avp(v) = 7; $avp(v) = "x\\"\\n";
       raise_event("E_A", , $avp(v));
       raise_event("E_A", $avp(n), $avp(v));
       raise_event("E_B");`,
      { rest: 'event_route[E_A] { xlog("route $param(1)"); }' },
    );
    await expect.poll(() => received).toHaveLength(3);
    expect(received).toEqual([notification(), notification(['x"\n', 7]), notification({ b: 'x"\n', a: 7 })]);
    expect(prints).toEqual(['1', 'route <null>', 'route x"', 'route x"']);
  });

  test('gets an event once, however often it has subscribed', async () => {
    const { port, received } = await subscriber();
    const again = `subscribe_event("E_A", "udp:127.0.0.1:${port}", 60);`;
    await run(
      `${again}${again} subscribe_event("E_B", "udp:127.0.0.1:${port}"); raise_event("E_A"); raise_event("E_B");`,
    );
    await expect.poll(() => received).toHaveLength(2);
    expect(received).toEqual([notification(), notification(undefined, 'E_B')]);
  });

  test('gets no more events after its subscription has expired', async () => {
    const [short, long] = [await subscriber(), await subscriber()];
    await run(
      `subscribe_event("E_A", "udp:127.0.0.1:${short.port}", 1);
       subscribe_event("E_A", "udp:127.0.0.1:${long.port}", 60);
       raise_event("E_A"); sleep(2); raise_event("E_A");`,
      { modules: ['event_datagram', 'cfgutils'] },
    );
    await expect.poll(() => long.received).toHaveLength(2);
    expect(short.received).toEqual([notification()]);
  });

  test('is found by name, and by an IPv6 address', async () => {
    const [four, six] = [await subscriber(), await subscriber('::1')];
    await run(
      `subscribe_event("E_A", "udp:localhost:${four.port}"); subscribe_event("E_A", "udp:[::1]:${six.port}");
       raise_event("E_A");`,
    );
    await expect.poll(() => [...four.received, ...six.received]).toHaveLength(2);
  });

  test('gets invalid UTF-8 as U+FFFD, and the rest unchanged', async () => {
    const { port, received } = await subscriber();
    await run(
      `subscribe_event("E_A", "udp:127.0.0.1:${port}");
       $avp(v) = "\xc3\xa4 \xe4"; raise_event("E_A", , $avp(v));`,
    );
    await expect.poll(() => received).toEqual([notification(['ä \ufffd'])]);
  });

  test('gets events of modules', async () => {
    const { port, received } = await subscriber();
    await run(
      `subscribe_event("E_PIKE_BLOCKED", "udp:127.0.0.1:${port}");
       $var(i) = 0; while ($var(i) < 20) { pike_check_req(); $var(i) = $var(i) + 1; }`,
      {
        modules: ['event_datagram', 'pike'],
        rest: 'modparam("pike", "reqs_density_per_unit", 2)',
      },
    );
    await expect.poll(() => received).toEqual([notification({ ip: '192.0.2.7' }, 'E_PIKE_BLOCKED')]);
  });
});

describe('a notification that cannot be sent is logged, and nothing else fails', () => {
  const logged = async (body: string, options?: ScriptOptions) => {
    const { prints, log } = await run(body, options);
    expect(prints).toEqual(['1']);
    return log.join('\n');
  };

  test('because it is too long', async () => {
    const { port, received } = await subscriber();
    const log = await logged(
      `subscribe_event("E_A", "udp:127.0.0.1:${port}");
       $var(t) = "0123456789abcdef"; $var(i) = 0;
       while ($var(i) < 13) { $var(t) = $var(t) + $var(t); $var(i) = $var(i) + 1; }
       $avp(v) = $var(t); raise_event("E_A", , $avp(v)); xlog("$rc");`,
    );
    expect(log).toContain(`event E_A is not sent to udp:127.0.0.1:${port}: it has 131`);
    expect(log).toContain('bytes, more than 65457');
    expect(received).toEqual([]);
  });

  test('because its name does not resolve', async () => {
    const log = await logged(
      'subscribe_event("E_A", "udp:none.invalid:9"); raise_event("E_A"); xlog("$rc");',
      { names: new DnsNames({ servers: ['127.0.0.1:1'], timeout: 100, tries: 1 }) },
    );
    expect(log).toContain('event E_A is not sent to udp:none.invalid:9: the name has no address');
  });
});

test.each([
  ['udp:nope', 'invalid socket; use udp:HOST:PORT, as in udp:127.0.0.1:8081'],
  ['udp:127.0.0.1:0', 'invalid socket; use udp:HOST:PORT'],
  ['udp:127.0.0.1:65536', 'invalid socket; use udp:HOST:PORT'],
  ['udp:a b:9', 'invalid socket; use udp:HOST:PORT'],
  ['unix:/run/events.sock', 'Node.js has no UNIX datagram sockets; use udp:HOST:PORT'],
  ['rabbitmq:127.0.0.1/events', 'invalid socket; the loaded modules send to udp:, unix:'],
  ['', 'invalid socket; the loaded modules send to udp:, unix:'],
])('subscribe_event() refuses the socket "%s"', async (socket, problem) => {
  const { prints, log } = await run(`subscribe_event("E_A", "${socket}"); xlog("$rc"); raise_event("E_A");`);
  expect(prints).toEqual(['-1']);
  expect(log.join('\n')).toContain(`subscribe_event("E_A", "${socket}"): ${problem}`);
});

test('subscribe_event() without a module that sends events says which one does', async () => {
  const { prints, log } = await runScript('subscribe_event("E_A", "udp:127.0.0.1:9"); xlog("$rc");');
  expect(prints).toEqual(['-1']);
  expect(log.join('\n')).toContain('no loaded module sends events; load event_datagram');
});

describe('fetch_event_params() of older scripts', () => {
  const fetched = (text: string) =>
    run(
      '$avp(n) = "name"; $avp(n) = "age"; $avp(v) = "alice"; $avp(v) = 42; raise_event("E_A", $avp(n), $avp(v));',
      {
        modules: ['event_route'],
        rest: `event_route[E_A] { fetch_event_params("${text}"); xlog("$rc $avp(a)|$var(b)"); }`,
      },
    );

  test.each([
    ['name=$avp(a);age=$var(b)', '1 alice|42'],
    [' name = $avp(s:a) ', '1 alice|<null>'],
    ['$avp(a);$var(b)', '1 42|alice'],
    ['$avp(a);name=$var(b)', '1 42|alice'],
    ['name=$avp(a);none=$var(b)', '-1 alice|<null>'],
    ['$avp(a);$avp(a);$avp(a)', '-1 alice|<null>'],
  ])('"%s"', async (text, expected) => {
    expect((await fetched(text)).prints).toEqual([expected]);
  });

  test.each(['', 'name=$ru', 'name=$avp(a);', '$avp(a) $avp(b)'])('refuses "%s"', async (text) => {
    const { prints, log } = await fetched(text);
    expect(prints).toEqual(['-1 <null>|<null>']);
    expect(log.join('\n')).toContain(
      `fetch_event_params("${text}"): use names and variables: ip=$avp(ip);$var(second)`,
    );
  });
});
