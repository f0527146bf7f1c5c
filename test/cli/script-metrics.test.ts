/** The module prometheus: metrics of scripts at the address of `run --http`. */
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { httpUrl } from '../support/http-url.ts';
import { startService } from '../support/service.ts';
import { SipPeer } from '../support/sip-peer.ts';
import { startWatched } from '../support/watched.ts';

const load = (...names: string[]) => names.map((name) => `loadmodule "${name}.so"\n`).join('');
const modules = load('signaling', 'sl', 'tm', 'statistics', 'httpd', 'prometheus');

const serve = async (script: string, processes = 1) => {
  const args = ['--http', '127.0.0.1:0'];
  const program = closeLater(await startWatched(`${modules}${script}`, { processes, args }));
  const url = await httpUrl(program);
  const get = async (path: string, accept = 'text/plain') =>
    (await fetch(`${url}${path}`, { headers: { accept } })).text();
  return { program, get };
};

/** The lines after siprest's own figures. */
const ofScript = (text: string) =>
  text.split('\n').filter((line) => line !== '' && !/^(?:# \w+ )?siprest_/.test(line));

const answer = 'route { update_stat("calls_de", 1); send_reply(200, "OK"); }\n';

describe.each([1, 2])('with %d processes', (processes) => {
  it("serves statistics and values pushed by script_route, after siprest's own figures", async () => {
    const { program, get } = await serve(
      `modparam("statistics", "variable", "calls_de")
modparam("prometheus", "statistics", "rcv_requests dynamic: unknown_one")
modparam("prometheus", "labels", "dynamic: /^calls_(.*)$/calls:country=\\"\\1\\"/")
modparam("prometheus", "script_route", "scraped")
${answer}route[scraped] {
  prometheus_declare_stat("cps", "gauge", "Calls a second.");
  prometheus_push_stat(3);
  prometheus_declare_stat("gateways");
  prometheus_push_stat(10, "{gateway=\\"gw1\\",zone=\\"a\\"}");
  prometheus_push_stat(11, "gateway", "gw \\"2\\"");
  prometheus_push_stat(12, "gateway", "gw \\"2\\"");
}
`,
      processes,
    );
    const client = await SipPeer.open();
    for (let i = 0; i < 3; i++) {
      client.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS' });
      await client.next(200);
    }
    const text = await get('metrics');
    expect(text).toContain('siprest_requests_total 3\n');
    expect(ofScript(text)).toEqual([
      '# TYPE opensips_rcv_requests counter',
      'opensips_rcv_requests 3',
      '# TYPE opensips_calls counter',
      'opensips_calls{country="de"} 3',
      '# HELP cps Calls a second.',
      '# TYPE cps gauge',
      'cps 3',
      '# TYPE gateways gauge',
      'gateways{gateway="gw1",zone="a"} 10',
      'gateways{gateway="gw \\"2\\""} 12',
    ]);
    const open = await get('metrics', 'application/openmetrics-text');
    expect(ofScript(open)[0]).toBe('# TYPE opensips_rcv_requests unknown');
    expect(open.endsWith('gateways{gateway="gw \\"2\\""} 12\n# EOF\n')).toBe(true);
  });
});

it.each([
  ['0', 'opensips_rcv_requests 0'],
  ['1', 'opensips_of_core_rcv_requests 0'],
  ['2', 'opensips_rcv_requests{grp="of_core"} 0'],
])('names the group as group_mode %s says, at the path of root', async (mode, line) => {
  const { get } = await serve(`modparam("prometheus", "root", "stats/all")
modparam("prometheus", "statistics", "core:rcv_requests")
modparam("prometheus", "group_prefix", "of")
modparam("prometheus", "group_label", "grp")
modparam("prometheus", "group_mode", ${mode})
${answer}`);
  expect(ofScript(await get('stats/all')).at(-1)).toBe(line);
  expect(ofScript(await get('metrics'))).toEqual([]);
});

it('reports invalid metrics, and serves all others', async () => {
  const { program, get } = await serve(`modparam("prometheus", "script_route", "scraped")
route { prometheus_push_stat(1); send_reply(200, "OK"); }
route[scraped] {
  prometheus_push_stat(1);
  prometheus_declare_stat("a b");
  prometheus_declare_stat("siprest_requests_total");
  prometheus_declare_stat("a", "histogram");
  prometheus_declare_stat("a");
  prometheus_declare_stat("a", "counter");
  prometheus_declare_stat("b");
  prometheus_push_stat(1, "{x}");
  prometheus_push_stat(1, "x y", "z");
  prometheus_push_stat(2, "x", "z");
}
`);
  expect(ofScript(await get('metrics'))).toEqual(['# TYPE a gauge', '# TYPE b gauge', 'b{x="z"} 2']);
  const client = await SipPeer.open();
  client.request(program.port, 'sip:bob@127.0.0.1', { method: 'OPTIONS' });
  await client.next(200);
  for (const problem of [
    'prometheus_push_stat(): declare a metric first, by prometheus_declare_stat()',
    'invalid name "a b" of a metric',
    '"siprest_requests_total": names of siprest_ are those of siprest\'s own figures',
    'invalid type "histogram" of a metric: use counter or gauge',
    '"a" is declared already, as a gauge',
    'invalid labels "{x}"',
    'invalid labels "x y"',
    'works only while the route of script_route runs for a scrape',
  ])
    await program.prints(problem);
});

it('does not wait for a route that hangs', async () => {
  const service = closeLater(await startService(() => undefined));
  const { program, get } = await serve(`${load('rest_client')}
modparam("rest_client", "curl_timeout", 7)
modparam("prometheus", "script_route", "scraped")
route { send_reply(200, "OK"); }
route[scraped] {
  prometheus_declare_stat("early");
  prometheus_push_stat(1);
  rest_get("${service.origin}/", $var(x));
  prometheus_push_stat(2);
}
`);
  expect(ofScript(await get('metrics'))).toEqual(['# TYPE early gauge', 'early 1']);
  await program.prints('route[scraped] takes more than 5 s; the rest is left out');
  expect(ofScript(await get('metrics'))).toEqual([]);
  await program.prints('route[scraped] still runs for an earlier scrape');
});

it('does not start with an unknown route, or invalid labels', async () => {
  for (const [parameter, value, problem] of [
    ['script_route', 'none', /route/],
    ['labels', 'core /a/b/', /invalid labels "core \/a\/b\/"/],
    ['labels', 'core: /a/b', /invalid substitution "\/a\/b"/],
    ['root', '/metrics', /invalid root/],
  ] as const) {
    const script = `modparam("prometheus", "${parameter}", "${value}")\n${answer}`;
    await expect(serve(script), parameter).rejects.toThrow(problem);
  }
});
