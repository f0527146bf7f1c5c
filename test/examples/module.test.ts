/** examples/module: a script with a module in TypeScript, on the built program and a real service. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { closeLater } from '../support/close-later.ts';
import type { Launched } from '../support/launch.ts';
import { freePort } from '../support/ports.ts';
import { launchSiprest } from '../support/program.ts';
import { respond, startService } from '../support/service.ts';
import { sendSip } from '../support/sip-client.ts';
import { temporaryFolder } from '../support/temporary.ts';

const example = (name: string) => fileURLToPath(new URL(`../../examples/module/${name}`, import.meta.url));

let running: Launched | null = null;
afterEach(async () => {
  await running?.stop('SIGKILL');
  running = null;
});

async function start(processes: number) {
  const asked: string[] = [];
  const service = closeLater(
    await startService(({ target }, response) => {
      asked.push(target);
      if (target.endsWith('/alice')) respond(response, 200, '{ "credit": 1250 }');
      else if (target.endsWith('/bob')) respond(response, 200, '{ "credit": 0 }');
      else respond(response, 500, '');
    }),
  );
  const port = await freePort();
  const folder = temporaryFolder('module');
  const script = readFileSync(example('opensips.cfg'), 'latin1')
    .replaceAll('127.0.0.1:5060', `127.0.0.1:${port}`)
    .replaceAll('127.0.0.1:8080', new URL(service.origin).host);
  writeFileSync(join(folder, 'opensips.cfg'), script);
  copyFileSync(example('billing.ts'), join(folder, 'billing.ts'));
  const program = launchSiprest(['run', '--processes', String(processes), join(folder, 'opensips.cfg')], {
    XDG_RUNTIME_DIR: folder,
  });
  running = program;
  await program.prints(/listening/);
  const call = async (from: string, to: string) => {
    const replies = await sendSip(
      {
        method: 'INVITE',
        uri: `sip:${to}@127.0.0.1:${port}`,
        from: `<sip:${from}@a.example>;tag=1`,
      },
      { port },
    );
    const { status, reason } = replies.at(-1) ?? {};
    return `${status} ${reason}`;
  };
  const reload = async () => {
    const told = launchSiprest(['reload'], { XDG_RUNTIME_DIR: folder });
    return { code: await told.ended, said: told.stdout + told.stderr };
  };
  return { asked, call, folder, program, reload };
}

describe.each([1, 2])('examples/module with %d processes', (processes) => {
  it('asks for prices and credit by functions of the module, and raises its event', async () => {
    const { asked, call, program, folder, reload } = await start(processes);
    expect(await call('alice', '+447912')).toBe('302 12.50 at 0.25');
    expect(await call('alice', '+4420')).toBe('302 12.50 at 0.03');
    expect(await call('alice', '999')).toBe('404 No Price');
    expect(await call('carol', '+1')).toBe('503 Billing Unavailable');
    expect(await call('bob', '+1')).toBe('402 Payment Required');
    expect(asked).toEqual(['/accounts/alice', '/accounts/alice', '/accounts/carol', '/accounts/bob']);
    await program.prints(/bob has no credit; asked \d times/);

    const file = join(folder, 'billing.ts');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace("'+1': 2", "'+1': 7"));
    expect(await reload()).toMatchObject({ code: 0 });
    expect(await call('alice', '+1')).toBe('302 12.50 at 0.07');

    writeFileSync(file, text.replace("'+1': 2", "'+1': "));
    const refused = await reload();
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('the module "./billing.ts" has errors');
    expect(refused.said).toMatch(/billing\.ts:\d+:\d+/);
    expect(await call('alice', '+1')).toBe('302 12.50 at 0.07');

    // what a function throws fails that call of it, and nothing else
    writeFileSync(file, text.replace('const found = priceOf(number);', 'throw new Error("out of prices");'));
    expect(await reload()).toMatchObject({ code: 0 });
    expect(await call('alice', '+1')).toBe('404 No Price');
    await program.prints(/opensips\.cfg:\d+: billing_price\(\): Error: out of prices/);
    writeFileSync(file, text);
    expect(await reload()).toMatchObject({ code: 0 });
    expect(await call('alice', '+1')).toBe('302 12.50 at 0.02');
  });
});
