import type { Launched } from './launch.ts';

/** Where a server that was started with `--http` serves; ends in a slash. */
export async function httpUrl(program: Launched): Promise<string> {
  const line = /HTTP is served at (http:\S+)/;
  await program.prints(line);
  return line.exec(program.stdout + program.stderr)?.[1] ?? '';
}
