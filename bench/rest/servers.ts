import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../test/support/certificates.ts';
import { commandPath } from '../../test/support/commands.ts';
import { acceptsTcp, freePort } from '../../test/support/ports.ts';

export interface BenchServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** `https://localhost:PORT`, empty without TLS. */
  readonly secureOrigin: string;
  readonly caFile: string;
  stop(): Promise<void>;
}

/** What it answers to every request. */
export const ANSWER = '{"credit":1234,"currency":"EUR","ok":true,"n":1}';

/** Paths whose answers may be kept. */
export const FRESH = '/fresh/';

/** nginx with one worker, which keeps its connections and logs nothing. */
export async function startNginx(): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'siprest-bench-'));
  mkdirSync(join(folder, 'run'));
  const authority = createAuthority();
  const { cert, key } = authority.issue({ names: ['localhost'] });
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.cert);
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
  const [port, securePort] = [await freePort(), await freePort()];
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/run/${name};`)
    .join(' ');
  const location = `location / { default_type application/json; return 200 '${ANSWER}'; }
    location ${FRESH} { default_type application/json; add_header Cache-Control max-age=86400; return 200 '${ANSWER}'; }`;
  const configuration = `daemon off; master_process off; worker_processes 1; pid ${folder}/run/pid;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 16384; }
http {
  access_log off; ${temporary}
  keepalive_requests 1000000000; keepalive_timeout 600s; http2_max_concurrent_streams 4096;
  server { listen 127.0.0.1:${port} backlog=4096; ${location} }
  server {
    listen 127.0.0.1:${securePort} ssl http2 backlog=4096;
    ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem; ${location}
  }
}
`;
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration);
  const server = spawn(commandPath('nginx'), ['-p', folder, '-e', 'stderr', '-c', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await acceptsTcp(port);
  return {
    origin: `http://127.0.0.1:${port}`,
    secureOrigin: `https://localhost:${securePort}`,
    caFile,
    async stop() {
      server.kill();
      await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Node's own server, in this process. */
export async function startNode(): Promise<BenchServer> {
  const server = http.createServer((request, response) => {
    request.resume();
    if (request.url?.startsWith(FRESH)) response.setHeader('Cache-Control', 'max-age=86400');
    response.end(ANSWER);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    secureOrigin: '',
    caFile: '',
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
