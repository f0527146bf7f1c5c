import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import { place } from '../support/place.ts';
import { type RunningSiprest, startSiprest } from '../support/program.ts';
import { type Answer, respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** A script that asks the URL of X-Url, and says what became of it. */
const script = (file: string): string => `
udp_workers=4
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
loadmodule "rest_policy.so"
modparam("rest_policy", "policy_file", "${file}")
route {
  $var(rc) = rest_get("$hdr(X-Url)", $var(body), , $var(code));
  append_to_reply("X-Says: $var(rc) $var(code) $rest_kind $rest_from_cache\\r\\n");
  send_reply(200, "OK");
}
event_route[E_REST_HOST_STATE] {
  xlog("event: $param(origin) $param(policy) $param(state)\\n");
}`;

async function service(answer: Answer) {
  return closeLater(await startService(answer));
}

const hostOf = (origin: string): string => new URL(origin).host;

async function ask({ port }: RunningSiprest, url: string): Promise<string> {
  const final = (await sendSip({ headers: [`X-Url: ${url}`] }, { port })).at(-1);
  return final?.header('x-says') ?? '';
}

/** What so many calls at a time were told, each once. */
async function askOften(siprest: RunningSiprest, url: string, calls = 12): Promise<readonly string[]> {
  const said = await Promise.all(Array.from({ length: calls }, () => ask(siprest, url)));
  return [...new Set(said)].sort();
}

describe.each([1, 2])('policies in %i processes', (processes) => {
  it('keep their state at a reload, except where their configuration has changed', async () => {
    const tokens = await service((_, response) =>
      respond(response, 200, '{"access_token":"one","expires_in":3600}'),
    );
    const guarded = await service(({ headers }, response) =>
      respond(response, headers.authorization === 'Bearer one' ? 200 : 401, 'x'),
    );
    const cached = await service((_, response) => {
      response.setHeader('Cache-Control', 'max-age=3600');
      respond(response, 200, 'x');
    });
    const broken = await service((_, response) => respond(response, 500, 'x'));
    const remembering = await service((_, response) => {
      response.setHeader('Set-Cookie', 'id=7');
      respond(response, 200, 'x');
    });
    const file = join(temporaryFolder('policies'), 'policies.json');
    const configure = (minimum: number): void => {
      const auth = {
        scheme: 'oauth2',
        tokenUrl: `${tokens.origin}/token`,
        clientId: 'id',
        clientSecret: 'secret',
      };
      const hosts = {
        [hostOf(guarded.origin)]: { auth },
        [hostOf(cached.origin)]: { cache: {} },
        [hostOf(broken.origin)]: { breaker: { minimum, openTime: 3_600_000 } },
        [hostOf(remembering.origin)]: { cookies: {} },
      };
      writeFileSync(file, JSON.stringify({ hosts }));
    };
    configure(2);
    const { run, start } = place();
    const siprest = await start(script(file), '--processes', `${processes}`);
    let reloads = 0;
    const reload = async (): Promise<void> => {
      process.kill(siprest.pid, 'SIGHUP');
      reloads++;
      await expect.poll(() => siprest.stderr.split('was reloaded').length - 1).toBe(reloads);
    };

    expect(await askOften(siprest, guarded.origin)).toEqual(['1 200 response 0']);
    expect(tokens.seen).toHaveLength(1);
    await askOften(siprest, cached.origin);
    await askOften(siprest, remembering.origin, 4 * processes);
    for (let i = 0; i < 2 * processes; i++) await ask(siprest, broken.origin);
    await expect.poll(() => askOften(siprest, broken.origin)).toEqual(['-5 0 blocked 0']);
    await siprest.prints(`event: ${broken.origin} breaker open`);
    const before = { cached: cached.seen.length, broken: broken.seen.length };
    expect(before.cached).toBeLessThanOrEqual(processes);

    await reload();
    expect(await askOften(siprest, guarded.origin)).toEqual(['1 200 response 0']);
    expect(await askOften(siprest, broken.origin)).toEqual(['-5 0 blocked 0']);
    if (processes === 1) {
      expect(await askOften(siprest, cached.origin)).toEqual(['1 200 response 1']);
      await ask(siprest, remembering.origin);
      expect(remembering.seen.at(-1)?.headers.cookie).toBe('id=7');
    }
    expect([tokens.seen.length, broken.seen.length]).toEqual([1, before.broken]);
    expect(cached.seen.length).toBeLessThanOrEqual(processes);

    const status = JSON.parse((await run('status', '--json')).printed) as {
      readonly total: Readonly<Record<string, Readonly<Record<string, number>>>>;
    };
    const { rest_hosts: known, rest_policies: acts } = status.total;
    expect(known?.[`${hostOf(broken.origin)} open`]).toBeGreaterThanOrEqual(1);
    expect(acts?.[`${hostOf(broken.origin)} refused_breaker`]).toBeGreaterThanOrEqual(24);
    expect(known?.[`${hostOf(cached.origin)} cached_bytes`]).toBeGreaterThan(0);
    expect(acts?.[`${hostOf(cached.origin)} cache_hits`] ?? 0).toBeGreaterThanOrEqual(
      processes === 1 ? 12 : 0,
    );

    configure(1_000);
    await reload();
    expect(await ask(siprest, broken.origin)).toBe('1 500 response 0');
    expect(await askOften(siprest, guarded.origin)).toEqual(['1 200 response 0']);
    expect(tokens.seen).toHaveLength(1);
  });

  it('are unchanged if the file is no longer valid', async () => {
    const broken = await service((_, response) => respond(response, 200, 'x'));
    const file = join(temporaryFolder('policies'), 'policies.json');
    writeFileSync(file, JSON.stringify({ targets: { deny: ['127.0.0.0/8'] } }));
    const siprest = closeLater(await startSiprest(script(file), { args: ['--processes', `${processes}`] }));
    expect(await ask(siprest, broken.origin)).toBe('-5 0 blocked 0');
    writeFileSync(file, JSON.stringify({ target: {} }));
    process.kill(siprest.pid, 'SIGHUP');
    await siprest.prints('did you mean targets?');
    expect(await ask(siprest, broken.origin)).toBe('-5 0 blocked 0');
  });
});
