/**
 * Turns the text of a script into a program that can be started: parses, checks and compiles it, and reads its
 * settings.
 */

import { report } from '../engine/index.ts';
import {
  type ListenAddress,
  type Module,
  type Program,
  protoTlsParameters,
  type Run,
  type Settings,
} from '../runtime/index.ts';
import {
  type Catalog,
  type CompiledScript,
  checkText,
  compileScript,
  type Diagnostic,
  hasErrors,
  type Reached,
  type ReadFile,
  type RowValues,
  type SourceSet,
} from '../script/index.ts';
import { DEFAULT_LIMITS, parseBlacklist, splitProtocol } from '../sip/index.ts';
import { cachedRegex, regexError } from '../text/index.ts';
import { listenAddresses, transportSettings } from './listen-addresses.ts';
import { settingSpecs } from './settings.ts';

export interface ProgramResult {
  /** Errors and warnings, in source order. */
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceSet;
  /** Null if any diagnostic is an error. */
  readonly program: Program | null;
}

/** The catalog that a script is checked against, with modules that can be started. */
export interface RuntimeCatalog extends Catalog<Run> {
  readonly modules: readonly Module[];
}

export interface CompileProgramOptions {
  /** Modules in TypeScript or JavaScript, by their paths as the script writes them. */
  readonly modules?: ReadonlyMap<string, Module> | undefined;
  /** Reads the files that the script includes. */
  readonly readFile?: ReadFile | undefined;
  /** Reports features that only OpenSIPS has as warnings. Default false: as errors. */
  readonly allowMissing?: boolean | undefined;
  readonly portable?: boolean | undefined;
  /** What `$argv(name)` reads. Default: nothing. */
  readonly argv?: Readonly<Record<string, string>> | undefined;
  /** Counts which statements run. Default: nothing does. */
  readonly reached?: Reached | undefined;
}

/** `text` is a byte string. */
export function compileProgram(
  text: string,
  fileName: string,
  known: RuntimeCatalog,
  {
    modules: own = new Map(),
    readFile,
    allowMissing = false,
    portable = false,
    argv = {},
    reached,
  }: CompileProgramOptions = {},
): ProgramResult {
  const catalog = own.size === 0 ? known : { ...known, modules: [...known.modules, ...own.values()] };
  const loaded = checkText(text, fileName, catalog, {
    // with the same flags as at run time, so that the compiler finds it in the cache
    checkRegex: (pattern) =>
      cachedRegex(pattern, { ignoreCase: true }) === null ? regexError(pattern) : null,
    allowMissing,
    portable,
    moduleNames: new Map([...own].map(([path, { name }]) => [path, name])),
    ...(readFile === undefined ? {} : { readFile }),
  });
  const values = loaded.values.get(settingSpecs);
  const { sockets, diagnostics: ofSockets } = listenAddresses(
    loaded.sockets,
    values,
    transportSettings(loaded.values, loaded.modules),
    allowMissing,
  );
  const diagnostics = [...loaded.diagnostics, ...ofSockets].toSorted((a, b) => a.span.start - b.span.start);
  const { sources } = loaded;
  if (hasErrors(diagnostics)) return { diagnostics, sources, program: null };
  const { tls_handshake_timeout: handshakeTimeout } = loaded.values.get(protoTlsParameters);
  const base = readSettings(values, sockets);
  const settings = {
    ...base,
    tcp: { ...base.tcp, handshakeTimeout },
    argv: new Map(Object.entries(argv)),
  };
  const modules = new Map(catalog.modules.map((module) => [module.name, module]));
  let compiled: CompiledScript<Run> | null = null;
  const program: Program = {
    settings,
    parameters: loaded.values,
    modules: loaded.modules.flatMap(({ name }) => modules.get(name) ?? []),
    // compiled on first use: `siprest check` never needs it
    get compiled() {
      compiled ??= compileScript(loaded.script, loaded.lookup, {
        maxWhileLoops: settings.maxWhileLoops,
        enableAsserts: settings.enableAsserts,
        report,
        reached,
        matcher: (pattern) => cachedRegex(pattern, { ignoreCase: true }),
      });
      return compiled;
    },
    place: (offset) => {
      const { file, line } = sources.locate(offset);
      return `${file}:${line}`;
    },
  };
  return { diagnostics, sources, program };
}

/** The settings of these values of the table, with these sockets; `argv` is that of a script. */
export function readSettings(
  values: RowValues<typeof settingSpecs>,
  sockets: readonly ListenAddress[],
): Omit<Settings, 'argv'> {
  return {
    logLevel: values.log_level,
    xlogLevel: values.xlog_level,
    xlogPrintLevel: values.xlog_print_level,
    xlogForceColor: values.xlog_force_color,
    logPrefix: values.log_prefix,
    stderror: {
      enabled: values.stderror_enabled,
      format: values.stderror_log_format,
      level: values.stderror_level_filter,
    },
    syslog: {
      enabled: values.syslog_enabled,
      format: values.syslog_log_format,
      level: values.syslog_level_filter,
      facility: values.syslog_facility,
      name: values.syslog_name,
    },
    sockets,
    tcp: {
      connectTimeout: values.tcp_connect_timeout,
      idleTimeout: 1000 * values.tcp_connection_lifetime,
      keepAlive: values.tcp_keepalive ? 1000 * values.tcp_keepidle : null,
      messageTimeout: 1000 * values.tcp_max_msg_time,
      accepted: values.tcp_max_connections,
      acceptedFromOne: Math.max(
        values.tcp_max_connections / 4,
        Math.min(values.tcp_max_connections, DEFAULT_LIMITS.acceptedFromOne),
      ),
    },
    tcpAcceptAliases: values.tcp_accept_aliases,
    connectedOnlyFlag: values.tcp_no_new_conn_bflag,
    names: {
      timeout: 1000 * values.dns_retr_time,
      tries: values.dns_retr_no,
      search: values.dns_use_search_list,
      pointers: values.dns_try_naptr,
    },
    blacklists: values.dst_blacklist.flatMap((text) => {
      const list = parseBlacklist(String(text));
      return 'invalid' in list ? [] : list; // already reported by the checker
    }),
    avoidance:
      values.disable_dns_blacklist === true
        ? null
        : {
            time: 1000 * values.dns_blacklist_time,
            isProbed: values.dns_blacklist_probe,
            isStrict: values.disable_dns_blacklist === false,
          },
    multihomed: values.mhomed,
    udpWorkers: values.udp_workers,
    aliases: values.alias.map((alias) => splitProtocol(String(alias)).rest.toLowerCase()),
    maxWhileLoops: values.max_while_loops,
    scriptTimeLimit: values.script_time_limit,
    store: values.store,
    enableAsserts: values.enable_asserts,
    disable503Translation: values.disable_503_translation,
    disableStatelessForwarding: values.disable_stateless_fwd,
    dnsFailover: !values.disable_dns_failover,
    userAgent: headerValue(values.user_agent_header, /^User-Agent:\s*/i),
    serverHeader: values.server_signature
      ? (headerValue(values.server_header, /^Server:\s*/i) ?? 'siprest')
      : null,
  };
}

/** These settings hold whole header lines. */
const headerValue = (line: string | null, name: RegExp): string | null => line?.replace(name, '') ?? null;
