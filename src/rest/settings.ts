import { createConnection } from 'node:net';
import { type Connect, type LookupFunction, type Names, namesOf, Proxies } from '../net/index.ts';
import { type Clock, type TimerWheel, timersOf } from '../timers/index.ts';
import { type BaseUrl, readBaseUrl, readDefaultHeaders } from './defaults.ts';
import { invalidOption } from './errors.ts';
import type { HeaderField } from './header-line.ts';
import type { HttpVersion } from './http-versions.ts';
import type { LogFunction } from './log.ts';
import { CLIENT_OPTIONS, TLS_OPTIONS, type ValuesOf } from './options.ts';
import type { HostsOption } from './policies/host-options.ts';
import { type HostRules, readHosts } from './policies/host-rules.ts';
import type { Policy, Send } from './policies.ts';
import { objectOf, readTable } from './read-options.ts';
import type { HeadersOption } from './request-headers.ts';
import { RestShared } from './shared.ts';
import { readTargets, type TargetOptions, type Targets } from './targets.ts';
import { TlsClientDomain } from './tls-domain.ts';

/** How a client verifies servers. */
export interface TlsOptions {
  /** Verify the chain of the server's certificate. */
  readonly verifyPeer?: boolean | undefined;
  /** Verify that the certificate is valid for the host of the URL, whether or not its chain is verified. */
  readonly verifyHost?: boolean | undefined;
  /** Folder of CA certificates, hashed names or any PEM files, added to the default ones. */
  readonly caPath?: string | undefined;
}

/** Options of a client. Times are in milliseconds, sizes in bytes; docs/rest-client.md has defaults and ranges. */
export interface RestClientOptions {
  /** Time limit for a whole request in milliseconds, connecting included. */
  readonly timeout?: number | undefined;
  /** Time limit for connecting in milliseconds: name lookup, TCP and TLS together. Never above `timeout`. */
  readonly connectTimeout?: number | undefined;
  /** Maximum size of an answer's body in bytes; one byte more ends the request. `Infinity`: no separate limit. */
  readonly maxBodySize?: number | undefined;
  /** The HTTP versions to use. */
  readonly httpVersion?: HttpVersion | undefined;
  /** How servers are verified. */
  readonly tls?: TlsOptions | undefined;
  /** TLS client domain of all requests that do not name their own. */
  readonly tlsDomain?: TlsClientDomain | undefined;
  /** Send `Expect: 100-continue` before a body of more than 1,024 bytes. */
  readonly expect100?: boolean | undefined;
  /**
   * How long to keep an idle connection, in milliseconds, unless the server's `Keep-Alive` says otherwise; 0: not at
   * all.
   */
  readonly keepAlive?: number | undefined;
  /** Whether to use the proxies of the environment (`http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`). */
  readonly proxy?: 'environment' | 'none' | undefined;
  /** Only one client at a time connects to a host name; others get `rc` -4 at once. */
  readonly noConcurrentConnects?: boolean | undefined;
  /**
   * With `noConcurrentConnects`: a connection to the host younger than this, in milliseconds, makes the lock
   * unnecessary.
   */
  readonly lockFreeAge?: number | undefined;
  /** Called for every failure. Default: nothing is logged. */
  readonly log?: LogFunction | undefined;
  /** Resources shared with other clients: connect lock, DNS cache, TLS contexts. Default: those of the process. */
  readonly shared?: RestShared | undefined;
  /** Policies of each request, outermost first. Default: none. */
  readonly policies?: readonly Policy[] | undefined;
  /** Policies by host, which run after `policies`. Default: none. */
  readonly hosts?: HostsOption | undefined;
  /** Which servers may be asked. Default: all. */
  readonly targets?: TargetOptions | undefined;
  /** Header fields of each request, which those of a request replace by name. With a `baseUrl`, they go to its origin alone. */
  readonly headers?: HeadersOption | undefined;
  /** What URLs without a scheme are relative to: with `https://h/api`, `/credit` and `credit` are `https://h/api/credit`. */
  readonly baseUrl?: string | URL | undefined;
  /** The Unix socket that all connections go to, whatever host a URL names. */
  readonly socketPath?: string | undefined;
  /** Takes requests in place of the client's connections, for example a {@link RestMock}. */
  readonly send?: Send | undefined;
  /** Opens connections, for example in a test. Default: that of `shared`, by node:net. */
  readonly connect?: Connect | undefined;
  /** Resolves host names, for example in a test. Default: that of `shared`. */
  readonly lookup?: LookupFunction | undefined;
  /** Measures timeouts, for example in a test. Default: that of `shared`, the system's clock. */
  readonly clock?: Clock | undefined;
}

/** The options of a client, validated and complete. */
export interface ClientSettings extends ValuesOf<typeof CLIENT_OPTIONS> {
  readonly tls: ValuesOf<typeof TLS_OPTIONS>;
  readonly tlsDomain: TlsClientDomain | null;
  readonly log: LogFunction;
  readonly shared: RestShared;
  /** Null if proxies are ignored, or the environment names none. */
  readonly proxies: Proxies | null;
  readonly policies: readonly Policy[];
  /** Null: all servers may be asked. */
  readonly targets: Targets | null;
  /** Null without policies by host. */
  readonly hosts: HostRules | null;
  readonly headers: readonly HeaderField[];
  readonly baseUrl: BaseUrl | null;
  /** Null: the client's own connections. */
  readonly send: Send | null;
  /** Null: node:net. */
  readonly connect: Connect | null;
  readonly names: Names;
  readonly timers: TimerWheel;
}

const clientOptionNames = new Set([
  ...Object.keys(CLIENT_OPTIONS),
  'tls',
  'tlsDomain',
  'log',
  'shared',
  'policies',
  'hosts',
  'targets',
  'headers',
  'baseUrl',
  'socketPath',
  'send',
  'connect',
  'lookup',
  'clock',
]);
const tlsOptionNames = new Set(Object.keys(TLS_OPTIONS));

/** @throws RestOptionError */
export function readOptions(options: RestClientOptions): ClientSettings {
  const given = objectOf('options', options, clientOptionNames, 'a RestClient');
  const read = readTable(CLIENT_OPTIONS, given, '');
  const tls = readTable(TLS_OPTIONS, objectOf('tls', options.tls ?? {}, tlsOptionNames, 'tls'), 'tls.');
  const { tlsDomain = null, log = silent, shared = RestShared.ofProcess(), policies = [], hosts } = options;
  if (tlsDomain !== null && !(tlsDomain instanceof TlsClientDomain)) {
    throw invalidOption('tlsDomain', tlsDomain, 'a TlsClientDomain');
  }
  if (typeof log !== 'function') throw invalidOption('log', log, 'a function');
  if (!(shared instanceof RestShared)) throw invalidOption('shared', shared, 'a RestShared');
  for (const name of ['connect', 'lookup', 'send'] as const) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw invalidOption(name, options[name], 'a function');
  }
  if (!Array.isArray(policies) || !policies.every((policy) => typeof policy === 'function')) {
    throw invalidOption('policies', policies, 'a list of functions');
  }
  const { socketPath } = options;
  if (socketPath !== undefined && (typeof socketPath !== 'string' || socketPath === ''))
    throw invalidOption('socketPath', socketPath, 'the path of a Unix socket');
  const overSocket = socketPath === undefined ? null : socketConnections(socketPath);
  const { timeout, connectTimeout } = read;
  if (connectTimeout > timeout && options.connectTimeout !== undefined) {
    log(
      'warning',
      `connectTimeout (${connectTimeout} ms) is above timeout (${timeout} ms), which is used instead`,
    );
  }
  const proxies = read.proxy === 'environment' && overSocket === null ? new Proxies() : null;
  return {
    ...read,
    connectTimeout: Math.min(connectTimeout, timeout),
    tls,
    tlsDomain,
    log,
    shared,
    proxies: proxies?.any === true ? proxies : null,
    policies: [...policies],
    targets: options.targets === undefined ? null : readTargets(options.targets),
    hosts: hosts === undefined ? null : readHosts(hosts),
    headers: readDefaultHeaders(options.headers),
    baseUrl: readBaseUrl(options.baseUrl),
    send: options.send ?? null,
    connect: options.connect ?? overSocket?.connect ?? shared.connect,
    names: namesFor(options.lookup ?? overSocket?.lookup, shared),
    timers: options.clock === undefined ? shared.timers : timersOf(options.clock),
  };
}

const namesFor = (lookup: LookupFunction | undefined, shared: RestShared): Names =>
  lookup === undefined ? shared.names : namesOf(lookup);

/** All connections to one Unix socket; host names are not looked up. */
function socketConnections(path: string): { readonly connect: Connect; readonly lookup: LookupFunction } {
  return {
    connect: () => createConnection({ path }),
    lookup: (_, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
  };
}

function silent(): void {}
