import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary.ts';

/** A folder for `ssl_capath` with these CAs in it. */
export function caFolder(...authorities: readonly { readonly cert: string }[]): string {
  const folder = temporaryFolder('ca');
  for (const [index, { cert }] of authorities.entries()) writeFileSync(join(folder, `ca-${index}.pem`), cert);
  return folder;
}
