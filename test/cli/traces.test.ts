/** Traces of calls, by OpenTelemetry's real SDK, at a collector of OTLP over HTTP. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { type Load, served, startLoad, tally } from '../support/load.ts';
import { startTraceCollector } from '../support/otlp.ts';
import { place } from '../support/place.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest, startSiprest } from '../support/program.ts';
import { relayScript, relayTo } from '../support/relay-script.ts';
import { respond, startService } from '../support/service.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { temporaryFolder } from '../support/temporary.ts';

const load = (...names: string[]) => names.map((name) => `loadmodule "${name}.so"\n`).join('');
const modules = load('signaling', 'sl', 'tm', 'sipmsgops', 'rest_client');
const answering = `${modules}route { t_newtran(); t_reply(200, "OK"); }\n`;

/** Spans are sent soon after their end. */
const soon = { OTEL_BSP_SCHEDULE_DELAY: '50' };
const telemetry = fileURLToPath(new URL('../../examples/tracing/telemetry.mjs', import.meta.url));

/** A server whose traces go to a collector. */
async function serve(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const collector = closeLater(await startTraceCollector());
  const program = closeLater(
    await startSiprest(script, {
      args,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, ...soon, ...env },
    }),
  );
  return { collector, program };
}

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe.each([1, 2])('run --traces with %d process(es)', (processes) => {
  it('traces a relayed call: the script, its REST calls, the relay and each branch', async () => {
    const service = closeLater(await startService((_, response) => respond(response, 200, 'yes')));
    const [alice, bob] = [await SipPeer.open(), await SipPeer.open()];
    const { collector, program } = await serve(
      relayScript({
        settings: load('rest_client'),
        onward: `if (is_method("INVITE")) async(rest_get("${service.origin}/credit?secret=1", $var(x)), onward);
  else { xlog("L_ERR", "asks for nothing\\n"); send_reply(200, "OK"); }`,
        routes: `route[onward] { t_on_failure("busy"); ${relayTo(bob.port)} }
failure_route[busy] { $ru = "sip:carol@127.0.0.1:${bob.port}"; t_relay(); }
onreply_route { xlog("a reply\\n"); }`,
      }),
      ['--traces', '1', '--processes', String(processes)],
    );
    const invite = alice.request(program.port, 'sip:bob@biloxi.example', { callId: 'traced' });
    bob.reply(await bob.next('INVITE'), 486);
    const second = await bob.next('INVITE');
    bob.reply(second, 180);
    await alice.next(180);
    bob.reply(second, 200);
    alice.acknowledge(program.port, invite, await alice.next(200));
    await expect
      .poll(() => collector.trees())
      .toEqual([
        'INVITE request(route(GET), route[onward](relay(INVITE branch)), onreply_route, failure_route[busy](relay(INVITE branch)), onreply_route, onreply_route)',
      ]);
    expect(collector.errors).toEqual([]);
    const { origin } = service;
    expect(collector.find('INVITE request')).toMatchObject({
      kind: 'server',
      service: 'siprest',
      isFailed: false,
      events: ['100', '180'],
      attributes: {
        'network.protocol.name': 'sip',
        'network.transport': 'udp',
        'network.peer.address': '127.0.0.1',
        'network.peer.port': alice.port,
        'network.local.port': program.port,
        'sip.request.method': 'INVITE',
        'sip.request.uri': 'sip:bob@biloxi.example',
        'sip.call_id': 'traced',
        'sip.response.status_code': 200,
      },
    });
    // the semantic conventions for HTTP clients
    expect(collector.find('GET')).toMatchObject({
      kind: 'client',
      isFailed: false,
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'url.full': `${origin}/credit`,
        'url.scheme': 'http',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(origin).port),
        'network.peer.address': '127.0.0.1',
        'network.protocol.version': '1.1',
      },
    });
    const branches = collector.spans.filter(({ name }) => name === 'INVITE branch');
    const statuses = branches.map(({ attributes }) => attributes['sip.response.status_code']);
    expect(statuses).toHaveLength(2);
    expect(statuses).toEqual(expect.arrayContaining([200, 486]));
    expect(branches[0]).toMatchObject({
      kind: 'client',
      attributes: { 'server.address': '127.0.0.1', 'server.port': bob.port, 'network.transport': 'udp' },
    });
    // nothing is passed on unless that is asked for
    expect(service.seen[0]?.headers).not.toHaveProperty('traceparent');
  });

  it('continues the trace of a SIP request, and passes it on to REST services', async () => {
    const service = closeLater(await startService((_, response) => respond(response, 503, 'no')));
    const { collector, program } = await serve(
      `${modules}route { t_newtran(); rest_get("${service.origin}/a", $var(x)); t_reply(500, "Failed"); }\n`,
      ['--traces', '1', '--trace-context', '--processes', String(processes)],
    );
    const alice = await SipPeer.open();
    const headers = [`Traceparent: ${parent}`, 'Tracestate: rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'];
    alice.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS', headers });
    await alice.next(500);
    await expect.poll(() => collector.trees()).toEqual(['OPTIONS request(route(GET))']);
    const [root, get] = [collector.find('OPTIONS request'), collector.find('GET')];
    expect(root).toMatchObject({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      parentId: 'b7ad6b7169203331',
      isFailed: true,
      attributes: { 'error.type': '500' },
    });
    expect(get).toMatchObject({ isFailed: true, attributes: { 'error.type': '503' } });
    expect(service.seen[0]?.headers).toMatchObject({
      traceparent: `00-0af7651916cd43dd8448eb211c80319c-${get?.spanId}-01`,
      tracestate: 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    });
  });
});

describe('the header Traceparent', () => {
  it.each([
    ['of version 00 with more behind it', [`Traceparent: ${parent}-more`], null],
    ['of a later version with more behind it', [`Traceparent: cc${parent.slice(2)}-more`], '01'],
    ['without a trace', [`Traceparent: 00-${'0'.repeat(32)}-b7ad6b7169203331-01`], null],
    ['twice', [`Traceparent: ${parent}`, `Traceparent: ${parent}`], null],
    ['that is not sampled', [`Traceparent: ${parent.slice(0, -2)}00`], '00'],
  ])('%s', async (_, headers, flags) => {
    const service = closeLater(await startService((_request, response) => respond(response, 200, 'yes')));
    const { collector, program } = await serve(
      `${modules}route { t_newtran(); rest_get("${service.origin}/a", $var(x)); t_reply(200, "OK"); }\n`,
      ['--traces', '1', '--trace-context'],
    );
    const alice = await SipPeer.open();
    alice.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS', headers });
    await alice.next(200);
    const passedOn = String(service.seen[0]?.headers['traceparent']);
    expect(passedOn).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-0[01]$/);
    const trace = '0af7651916cd43dd8448eb211c80319c';
    expect(passedOn.includes(trace)).toBe(flags !== null);
    expect(passedOn.slice(-2)).toBe(flags ?? '01');
    await program.stop();
    expect(collector.spans.length).toBe(flags === '00' ? 0 : 3);
  });
});

it('uses the SDK that the program has registered, and spans of handlers are active in them', async () => {
  const service = closeLater(await startService((_, response) => respond(response, 200, bobsUri)));
  const [alice, bob] = [await SipPeer.open(), await SipPeer.open()];
  const bobsUri = `sip:127.0.0.1:${bob.port}`;
  const collector = closeLater(await startTraceCollector());
  const port = await freePort();
  // beside the example, so that it finds the packages
  const example = fileURLToPath(new URL('../../examples/tracing/policy.ts', import.meta.url));
  const folder = temporaryFolder('policy');
  const file = join(folder, 'policy.ts');
  writeFileSync(
    file,
    `import { defineServer } from 'siprest';
import policy from '${example}';
export default defineServer({ ...policy.definition, sockets: ['udp:127.0.0.1:${port}'] });
`,
  );
  const program = closeLater(
    launchSiprest(['run', '--traces', '1', file], {
      NODE_OPTIONS: `--import ${telemetry}`,
      OTEL_SERVICE_NAME: 'edge',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
      ROUTING_SERVICE: service.origin,
    }),
  );
  await program.prints(/listening/);
  const invite = alice.request(port, 'sip:123@biloxi.example');
  bob.reply(await bob.next('INVITE'), 200);
  alice.acknowledge(port, invite, await alice.next(200));
  await expect
    .poll(() => collector.trees())
    .toEqual(['INVITE request(onInvite(choose a gateway(GET), relay(INVITE branch)))']);
  expect(collector.find('onInvite')).toMatchObject({ service: 'edge', attributes: { 'call.number': '123' } });
  expect(collector.find('choose a gateway')?.attributes).toEqual({ gateway: bobsUri });
});

describe('a handler', () => {
  it('that fails marks its span, and onReply has one in its branch', async () => {
    const [alice, bob] = [await SipPeer.open(), await SipPeer.open()];
    const collector = closeLater(await startTraceCollector());
    const port = await freePort();
    const file = join(temporaryFolder('policy'), 'policy.mjs');
    writeFileSync(
      file,
      `import { defineServer } from 'siprest';
export default defineServer({
  sockets: ['udp:127.0.0.1:${port}'],
  onOptions: () => { throw new RangeError('broken'); },
  onInvite: (call) => call.relay({ targets: ['${bob.uri('bob')}'], onReply: async (reply) => { await null; } }),
});
`,
    );
    const program = closeLater(
      launchSiprest(['run', '--traces', '1', file], {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
        ...soon,
      }),
    );
    await program.prints(/listening/);
    alice.request(port, 'sip:bob@127.0.0.1', { method: 'OPTIONS' });
    await alice.next(500);
    const invite = alice.request(port, 'sip:bob@127.0.0.1');
    bob.reply(await bob.next('INVITE'), 404);
    alice.acknowledge(port, invite, await alice.next(404));
    await expect
      .poll(() => collector.trees())
      .toEqual(['OPTIONS request(onOptions)', 'INVITE request(onInvite(relay(INVITE branch(onReply))))']);
    expect(collector.find('onOptions')).toMatchObject({
      isFailed: true,
      attributes: { 'error.type': 'RangeError' },
    });
    expect(collector.find('INVITE request')).toMatchObject({
      isFailed: false,
      attributes: { 'sip.response.status_code': 404 },
    });
  });
});

it('traces a share of calls, all requests of a call or none', async () => {
  const { collector, program } = await serve(answering, ['--traces', '0.25']);
  for (const method of ['OPTIONS', 'MESSAGE']) {
    const requests = await startLoad({
      port: program.port,
      pace: { atATime: 50 },
      count: 1000,
      request: (nth) => ({ callId: `share-${nth}`, method }),
    });
    expect(tally(await requests.done)).toEqual({ '200 OK': 1000 });
  }
  await program.stop();
  const roots = collector.spans.filter(({ parentId }) => parentId === '');
  const calls = new Map<unknown, number>();
  for (const { attributes } of roots)
    calls.set(attributes['sip.call_id'], (calls.get(attributes['sip.call_id']) ?? 0) + 1);
  // 250 are expected of 1,000, with a standard deviation of 14
  expect(calls.size).toBeGreaterThan(150);
  expect(calls.size).toBeLessThan(350);
  expect([...calls.values()].every((count) => count === 2)).toBe(true);
});

describe('no call notices a collector', () => {
  const isServed = async (load: Load) =>
    expect(Object.keys(tally(served(await load.done, load)))).toEqual(['200 OK']);

  it.each([
    ['that hangs', () => undefined],
    [
      'that refuses',
      (response: { writeHead(status: number): { end(): unknown } }) => response.writeHead(400).end(),
    ],
  ])('%s', async (_, answer) => {
    const collector = closeLater(await startTraceCollector(answer));
    const program = closeLater(
      await startSiprest(answering, {
        args: ['--traces', '1'],
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, ...soon },
      }),
    );
    await isServed(await startLoad({ port: program.port, pace: { atATime: 20 }, count: 1500 }));
    expect(collector.requests).toBeGreaterThan(0);
    expect(await program.stop()).toBe(0);
  });

  it('that is down, which the log says once', async () => {
    const program = closeLater(
      await startSiprest(answering, {
        args: ['--traces', '1'],
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
          OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
          ...soon,
        },
      }),
    );
    await isServed(await startLoad({ port: program.port, pace: { atATime: 20 }, count: 900 }));
    await program.prints(/traces cannot be sent to the collector: .*ECONNREFUSED/);
    expect(await program.stop()).toBe(0);
  });
});

describe('without its packages', () => {
  const { run } = place();

  /** The program in a Node.js that does not find these packages. */
  function without(names: string) {
    const folder = temporaryFolder('without');
    const hiding = join(folder, 'hide.cjs');
    writeFileSync(
      hiding,
      `const { Module } = require('node:module');
const resolve = Module._resolveFilename;
Module._resolveFilename = function (name, ...others) {
  if (/${names}/.test(name)) throw Object.assign(new Error('hidden'), { code: 'MODULE_NOT_FOUND' });
  return resolve.call(this, name, ...others);
};\n`,
    );
    const file = join(folder, 'opensips.cfg');
    writeFileSync(file, `socket = udp:127.0.0.1:0\n${answering}`);
    return { env: { NODE_OPTIONS: `--require ${hiding}` }, file };
  }

  it.each([
    [
      '@opentelemetry.api',
      'traces: the package @opentelemetry/api is missing; npm install @opentelemetry/api',
    ],
    [
      '@opentelemetry.sdk-trace-node',
      'traces: no OpenTelemetry SDK is registered; start Node.js with --import and a file that registers one, or npm install @opentelemetry/sdk-trace-node @opentelemetry/exporter-trace-otlp-http',
    ],
  ])('a server does not start, and names %s', async (names, message) => {
    const { env, file } = without(names);
    const program = launchSiprest(['run', '--traces', '1', file], env);
    expect(await program.ended).toBe(1);
    expect(program.stderr).toContain(message);
  });

  it('a server without traces starts', async () => {
    const { env } = without('opentelemetry');
    const program = closeLater(await startSiprest(answering, { env }));
    const alice = await SipPeer.open();
    alice.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS' });
    await alice.next(200);
  });

  it('refuses options that make no sense', async () => {
    const { file } = without('nothing');
    expect((await run('run', '--trace-context', file)).printed).toContain('--trace-context needs --traces');
    expect((await run('run', '--traces', '2', file)).printed).toContain(
      'Expected a number above 0, at most 1.',
    );
  });
});

describe.each([1, 2])('the module opentelemetry with %d process(es)', (processes) => {
  const script = (endpoint: string, parameters = '') => `${modules}loadmodule "opentelemetry.so"
modparam("opentelemetry", "exporter_endpoint", "${endpoint}/v1/traces")
${parameters}
route { xlog("L_INFO", "answers\\n"); xlog("L_ERR", "complains of $rm\\n"); send_reply(200, "OK"); }\n`;

  it('traces to its exporter_endpoint, under its service_name, with lines up to log_level', async () => {
    const collector = closeLater(await startTraceCollector());
    const { start } = place();
    const program = await start(
      script(
        collector.origin,
        `modparam("opentelemetry", "enable", 1)
modparam("opentelemetry", "log_level", 2)
modparam("opentelemetry", "use_batch", 0)
modparam("opentelemetry", "service_name", "edge-proxy")`,
      ),
      ...['--processes', String(processes)],
    );
    const alice = await SipPeer.open();
    alice.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS' });
    await alice.next(200);
    await expect.poll(() => collector.trees()).toEqual(['OPTIONS request(route)']);
    expect(collector.find('route')).toMatchObject({
      service: 'edge-proxy',
      events: ['log: complains of OPTIONS'],
      attributes: { 'opensips.route.type': 'request' },
    });
    // a stateless reply ends the trace
    expect(collector.find('OPTIONS request')?.attributes).toMatchObject({ 'sip.response.status_code': 200 });
  });

  it('is switched by opentelemetry:enable', async () => {
    const collector = closeLater(await startTraceCollector());
    const { start, run } = place();
    const program = await start(
      script(collector.origin, 'modparam("opentelemetry", "use_batch", 0)'),
      ...['--processes', String(processes)],
    );
    const alice = await SipPeer.open();
    const call = async (callId: string) => {
      alice.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS', callId });
      await alice.next(200);
    };
    await call('before');
    expect((await run('mi', 'opentelemetry:enable', '1')).code).toBe(0);
    await call('on');
    expect((await run('mi', 'otel_enable', 'enable=0')).code).toBe(0);
    await call('off');
    expect((await run('mi', 'otel_enable', '2')).code).toBe(1);
    await program.stop();
    const roots = collector.spans.filter(({ parentId }) => parentId === '');
    expect(roots.map(({ attributes }) => attributes['sip.call_id'])).toEqual(['on']);
  });
});
