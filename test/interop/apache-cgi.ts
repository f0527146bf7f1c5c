import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeLater } from '../support/close-later.ts';
import { type HttpServer, startApache } from '../support/http-servers.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Apache with shell scripts under `/cgi/`. */
export async function startApacheWithCgi(
  scripts: Readonly<Record<string, string>>,
  configuration = '',
): Promise<HttpServer> {
  const folder = temporaryFolder('cgi');
  chmodSync(folder, 0o755);
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const [name, lines] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  }
  return closeLater(
    await startApache({
      modules: ['cgid', 'alias', 'authz_host', 'rewrite', 'env'],
      configuration: `
ScriptSock ${folder}/socket
ScriptAlias /cgi/ ${bin}/
<Directory ${bin}>
  Require all granted
  Options +ExecCGI
</Directory>
${configuration}`,
    }),
  );
}
