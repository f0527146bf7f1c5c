import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, type CertificateOptions, createAuthority } from './certificates.ts';
import { commandPath } from './commands.ts';
import { type Launched, launch } from './launch.ts';
import { acceptsTcp, freePort } from './ports.ts';
import { temporaryFolder } from './temporary.ts';

/**
 * HTTP servers that nobody here wrote, each on ports of 127.0.0.1 with a folder of its own. All serve
 * `files`; those with TLS have a certificate for `localhost` of `authority`.
 */
export interface HttpServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** `https://localhost:PORT`; empty for a server without TLS. */
  readonly secureOrigin: string;
  readonly authority: Authority;
  /** Its folder; what it serves stands in `www` there. */
  readonly folder: string;
  readonly program: Launched;
  stop(): Promise<void>;
}

export interface HttpServerOptions {
  /** What it serves: path without its slash, and content. Default: `hello.txt`. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Further lines for the server's own configuration: in nginx's `server` blocks, at Apache's top level. */
  readonly configuration?: string;
  /** Its certificate. Default: for `localhost`. */
  readonly certificate?: CertificateOptions;
  /** Who issues it. Default: an authority of its own. */
  readonly authority?: Authority;
}

export interface NginxOptions extends HttpServerOptions {
  /** Lines for the `http` block. */
  readonly http?: string;
  /** Master and worker processes, so that SIGHUP replaces the workers gracefully. Default: one process. */
  readonly master?: boolean;
  /** False: TLS without HTTP/2. */
  readonly http2?: boolean;
}

export interface ApacheOptions extends HttpServerOptions {
  /** Further modules, without `mod_`. */
  readonly modules?: readonly string[];
}

export interface NghttpdOptions extends HttpServerOptions {
  readonly tls?: boolean;
  readonly args?: readonly string[];
}

interface Place {
  readonly folder: string;
  readonly authority: Authority;
  readonly port: number;
  readonly securePort: number;
}

async function prepare(name: string, options: HttpServerOptions): Promise<Place> {
  const folder = temporaryFolder(name);
  for (const sub of ['www', 'logs', 'run']) mkdirSync(join(folder, sub));
  const files = Object.entries(options.files ?? { 'hello.txt': 'hello, world\n' });
  for (const [path, content] of files) writeFileSync(join(folder, 'www', path), content);
  const authority = options.authority ?? createAuthority();
  const { cert, key } = authority.issue(options.certificate ?? { names: ['localhost'] });
  writeFileSync(join(folder, 'ca.pem'), authority.cert);
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'key.pem'), key);
  return { folder, authority, port: await freePort(), securePort: await freePort() };
}

async function serving(place: Place, program: Launched, ports: readonly number[]): Promise<HttpServer> {
  const died = program.ended.then((status) => {
    throw new Error(`the server ended with ${status}:\n${program.stdout}${program.stderr}`);
  });
  // only of interest until it serves
  died.catch(() => {});
  await Promise.race([Promise.all(ports.map((port) => acceptsTcp(port))), died]);
  return {
    origin: ports.includes(place.port) ? `http://127.0.0.1:${place.port}` : '',
    secureOrigin: ports.includes(place.securePort) ? `https://localhost:${place.securePort}` : '',
    authority: place.authority,
    folder: place.folder,
    program,
    async stop() {
      await program.stop();
    },
  };
}

/** nginx: HTTP/1.1 in clear text; HTTP/1.1 and HTTP/2 by ALPN over TLS. */
export async function startNginx(options: NginxOptions = {}): Promise<HttpServer> {
  const place = await prepare('nginx', options);
  const { folder, port, securePort } = place;
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `  ${name}_temp_path ${folder}/run/${name};`)
    .join('\n');
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
${options.master === true ? '' : 'master_process off;'}
worker_processes 1;
pid ${folder}/run/nginx.pid;
error_log stderr warn;
events { worker_connections 2048; }
http {
  access_log ${folder}/logs/access.log;
  default_type text/plain;
  ${options.http ?? ''}
${temporary}
  server {
    listen 127.0.0.1:${port};
    root ${folder}/www;
    ${options.configuration ?? ''}
  }
  server {
    listen 127.0.0.1:${securePort} ssl${options.http2 === false ? '' : ' http2'};
    ssl_certificate ${folder}/cert.pem;
    ssl_certificate_key ${folder}/key.pem;
    root ${folder}/www;
    ${options.configuration ?? ''}
  }
}
`,
  );
  const program = launch(commandPath('nginx'), ['-p', folder, '-e', 'stderr', '-c', file]);
  return serving(place, program, [port, securePort]);
}

/** Apache with mod_http2: HTTP/2 by prior knowledge and by ALPN, HTTP/1.1 beside both. */
export async function startApache(options: ApacheOptions = {}): Promise<HttpServer> {
  const place = await prepare('apache', options);
  const { folder, port, securePort } = place;
  const modules = [
    'mpm_event',
    'authz_core',
    'dir',
    'mime',
    'ssl',
    'http2',
    'socache_shmcb',
    'headers',
    ...(options.modules ?? []),
  ];
  const file = join(folder, 'apache.conf');
  writeFileSync(
    file,
    `${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerName localhost
ServerRoot ${folder}
DefaultRuntimeDir ${folder}/run
PidFile ${folder}/run/apache.pid
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${securePort}
ErrorLog ${folder}/logs/error.log
DocumentRoot ${folder}/www
TypesConfig /dev/null
AddType text/plain .txt
Protocols h2 h2c http/1.1
StartServers 1
<VirtualHost 127.0.0.1:${securePort}>
  SSLEngine on
  SSLCertificateFile ${folder}/cert.pem
  SSLCertificateKeyFile ${folder}/key.pem
</VirtualHost>
${options.configuration ?? ''}
`,
  );
  // as root, its children run as www-data
  if (process.getuid?.() === 0) chmodSync(folder, 0o755);
  const program = launch(commandPath('apache2'), ['-D', 'FOREGROUND', '-f', file]);
  return serving(place, program, [port, securePort]);
}

/** lighttpd: HTTP/1.1 in clear text. */
export async function startLighttpd(options: HttpServerOptions = {}): Promise<HttpServer> {
  const place = await prepare('lighttpd', options);
  const { folder, port } = place;
  const file = join(folder, 'lighttpd.conf');
  writeFileSync(
    file,
    `server.document-root = "${folder}/www"
server.bind = "127.0.0.1"
server.port = ${port}
server.errorlog = "${folder}/logs/error.log"
server.upload-dirs = ( "${folder}/run" )
mimetype.assign = ( ".txt" => "text/plain" )
${options.configuration ?? ''}
`,
  );
  const program = launch(commandPath('lighttpd'), ['-D', '-f', file]);
  return serving(place, program, [port]);
}

/** nghttpd: HTTP/2 alone, in clear text (prior knowledge) or, with `tls`, by ALPN. */
export async function startNghttpd(options: NghttpdOptions = {}): Promise<HttpServer> {
  const place = await prepare('nghttpd', options);
  const { folder, port, securePort } = place;
  const common = ['--address=127.0.0.1', `--htdocs=${folder}/www`, ...(options.args ?? [])];
  const [listens, args] = options.tls
    ? [securePort, [...common, String(securePort), `${folder}/key.pem`, `${folder}/cert.pem`]]
    : [port, [...common, '--no-tls', String(port)]];
  const program = launch(commandPath('nghttpd'), args);
  return serving(place, program, [listens]);
}
