import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandPath } from './commands.ts';
import { type Launched, launch } from './launch.ts';
import { freePort } from './ports.ts';
import { temporaryFolder } from './temporary.ts';

export interface Dnsmasq {
  readonly address: string;
  readonly program: Launched;
  /** How often it was asked for the IPv4 addresses of a name. */
  asked(name: string): number;
  stop(signal?: NodeJS.Signals): Promise<unknown>;
}

/** A name server with these lines of configuration, on a port of 127.0.0.1: a free one where none is given. */
export async function startDnsmasq(lines: readonly string[], address?: string): Promise<Dnsmasq> {
  const folder = temporaryFolder('dnsmasq');
  const own = ['listen-address=127.0.0.1', 'bind-interfaces', 'no-resolv', 'no-hosts', 'user=root'];
  const port = address?.split(':').at(-1) ?? (await freePort());
  const file = join(folder, 'dnsmasq.conf');
  writeFileSync(file, [`port=${port}`, ...own, 'log-queries', 'log-facility=-', ...lines, ''].join('\n'));
  const program = launch(commandPath('dnsmasq'), [
    '--keep-in-foreground',
    `--conf-file=${file}`,
    '--pid-file',
  ]);
  await program.prints('started');
  return {
    address: `127.0.0.1:${port}`,
    program,
    asked: (name) => program.stderr.split(`query[A] ${name} from`).length - 1,
    stop: (signal) => program.stop(signal),
  };
}
