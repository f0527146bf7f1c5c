/** The dashboard and the alert rules of examples/observing, against Debian's Prometheus. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { commandPath } from '../support/commands.ts';
import { httpUrl } from '../support/http-url.ts';
import { launch } from '../support/launch.ts';
import { startLoad } from '../support/load.ts';
import { acceptsTcp, freePort } from '../support/ports.ts';
import { respond, startService } from '../support/service.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { startWatched } from '../support/watched.ts';

const folder = fileURLToPath(new URL('../../examples/observing/', import.meta.url));
const alerts = readFileSync(join(folder, 'alerts.yml'), 'utf8');

const promtool = (args: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(commandPath('promtool'), args, {
    cwd: folder,
    input,
    encoding: 'utf8',
  });
  return { status, printed: stdout + stderr };
};

describe('alert rules', () => {
  it('are valid, and alerts-test.yml fires each', () => {
    expect(promtool(['check', 'rules', 'alerts.yml'])).toMatchObject({ status: 0 });
    const tests = readFileSync(join(folder, 'alerts-test.yml'), 'utf8');
    const names = [...alerts.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(0);
    expect([...tests.matchAll(/alertname: (\w+)/g)].map(([, name]) => name)).toEqual(names);
    const { status, printed } = promtool(['test', 'rules', 'alerts-test.yml']);
    expect(printed).toContain('SUCCESS');
    expect(status).toBe(0);
  });
});

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

/** The expressions of the dashboard for all servers, and those of the alerts without their thresholds. */
function expressions(): readonly string[] {
  const { panels } = JSON.parse(readFileSync(join(folder, 'dashboard.json'), 'utf8')) as Dashboard;
  const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  const rules = alerts.replaceAll(/expr: >-\n((?: {10}.*\n)+)/g, (_, lines: string) => {
    return `expr: ${lines.replaceAll(/\s*\n\s*/g, ' ').trim()}\n`;
  });
  const watched = [...rules.matchAll(/expr: (.*)/g)].map(([, expr = '']) =>
    expr.replace(/ (?:>|==) [\d.]+$/, ''),
  );
  return [...shown, ...watched].map((expr) =>
    expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
  );
}

it('Prometheus scrapes a loaded server, and every expression returns data', async () => {
  const service = closeLater(
    await startService((_, response) => respond(response, service.seen.length % 5 === 0 ? 503 : 200, 'x')),
  );
  const closed = await freePort();
  const policies = join(temporaryFolder('policies'), 'policies.json');
  writeFileSync(policies, JSON.stringify({ hosts: { [`127.0.0.1:${closed}`]: { breaker: {} } } }));
  const modules = ['signaling', 'sl', 'tm', 'rest_client', 'rest_policy']
    .map((name) => `loadmodule "${name}.so"\n`)
    .join('');
  const program = closeLater(
    await startWatched(
      `${modules}modparam("rest_policy", "policy_file", "${policies}")
      route { async(rest_get("${service.origin}/", $var(x)), next); }
      route[next] { async(rest_get("http://127.0.0.1:${closed}/", $var(x)), done); }
      route[done] { send_reply(200, "OK"); }\n`,
      { processes: 2, args: ['--http', '127.0.0.1:0'] },
    ),
  );
  const url = await httpUrl(program);
  const load = await startLoad({ port: program.port, pace: { rate: 50 }, count: 100_000, timers: null });
  closeLater({ close: () => load.stop() });

  const data = temporaryFolder('prometheus');
  const configuration = join(data, 'prometheus.yml');
  writeFileSync(
    configuration,
    readFileSync(join(folder, 'prometheus.yml'), 'utf8')
      .replace('15s', '1s')
      .replaceAll('127.0.0.1:8088', new URL(url).host)
      .replace('alerts.yml', join(folder, 'alerts.yml')),
  );
  const port = await freePort();
  closeLater(
    launch(commandPath('prometheus'), [
      `--config.file=${configuration}`,
      `--storage.tsdb.path=${join(data, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]),
  );
  await acceptsTcp(port);
  const query = async (expr: string): Promise<readonly unknown[]> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`);
    const answer = (await response.json()) as {
      status: string;
      error?: string;
      data?: { result: unknown[] };
    };
    if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
    return answer.data?.result ?? [];
  };
  while ((await query('rate(siprest_requests_total[1m]) > 0')).length === 0) await sleep(500);
  const missing: string[] = [];
  for (const expr of expressions()) if ((await query(expr)).length === 0) missing.push(expr);
  expect(missing).toEqual([]);
  // Prometheus asks for OpenMetrics; promtool reads what others get
  const text = await (await fetch(`${url}metrics`)).text();
  expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, printed: '' });
});
