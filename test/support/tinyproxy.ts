import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPath } from './commands.ts';
import { type Launched, launch } from './launch.ts';
import { acceptsTcp, freePort } from './ports.ts';
import { temporaryFolder } from './temporary.ts';

export interface Tinyproxy {
  /** `127.0.0.1:port` */
  readonly address: string;
  readonly program: Launched;
  close(): Promise<unknown>;
}

/** A tinyproxy with these further lines of configuration, once it accepts connections. */
export async function startTinyproxy(lines: readonly string[] = []): Promise<Tinyproxy> {
  const folder = temporaryFolder('tinyproxy');
  const port = await freePort();
  const file = join(folder, 'tinyproxy.conf');
  const own = [`Port ${port}`, 'Listen 127.0.0.1', 'Timeout 60', 'MaxClients 100', 'LogLevel Info'];
  writeFileSync(file, [...own, ...lines, ''].join('\n'));
  const program = launch(commandPath('tinyproxy'), ['-d', '-c', file]);
  await acceptsTcp(port);
  return { address: `127.0.0.1:${port}`, program, close: async () => program.stop() };
}
