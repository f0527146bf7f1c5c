/** From the text of a script to something that can be started: parsed, checked, compiled, its settings read. */

import type { ListenAddress, LogConsumer, Module, Program, Run, Settings } from '../runtime/index.ts';
import {
  type Catalog,
  type CompiledScript,
  compileScript,
  type Diagnostic,
  hasErrors,
  loadScript,
  type ParameterValue,
  type ParameterValues,
  type ReadFile,
  type SourceSet,
} from '../script/index.ts';
import { splitProtocol } from '../sip/index.ts';
import { cachedRegex, regexError } from '../text/index.ts';
import { listenAddresses } from './listen-addresses.ts';

export interface LoadResult {
  /** Errors and warnings, in the order of the source. */
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: SourceSet;
  /** Null when one of the diagnostics is an error. */
  readonly program: Program | null;
}

/** The catalog that a script is checked against, its modules with what they do at the start. */
export interface RuntimeCatalog extends Catalog<Run> {
  readonly modules: readonly Module[];
}

export interface LoadProgramOptions {
  /** Gives the text of files that the script includes. */
  readonly readFile?: ReadFile | undefined;
  /** What OpenSIPS has and siprest has not is a warning. Default false: an error. */
  readonly allowMissing?: boolean | undefined;
  readonly portable?: boolean | undefined;
  /** What `$argv(name)` reads. Default: nothing. */
  readonly argv?: Readonly<Record<string, string>> | undefined;
}

/** `text` is a byte string. */
export function loadProgram(
  text: string,
  fileName: string,
  catalog: RuntimeCatalog,
  { readFile, allowMissing = false, portable = false, argv = {} }: LoadProgramOptions = {},
): LoadResult {
  const loaded = loadScript(text, fileName, catalog, {
    // as it will be compiled, so that it is in the cache then
    checkRegex: (pattern) =>
      cachedRegex(pattern, { ignoreCase: true }) === null ? regexError(pattern) : null,
    allowMissing,
    portable,
    ...(readFile === undefined ? {} : { readFile }),
  });
  const { sockets, diagnostics: ofSockets } = listenAddresses(loaded.sockets, loaded.settings, allowMissing);
  const diagnostics = [...loaded.diagnostics, ...ofSockets].toSorted((a, b) => a.span.start - b.span.start);
  const { sources } = loaded;
  if (hasErrors(diagnostics)) return { diagnostics, sources, program: null };
  const settings = { ...readSettings(loaded.settings, sockets), argv: new Map(Object.entries(argv)) };
  const modules = new Map(catalog.modules.map((module) => [module.name, module]));
  let compiled: CompiledScript<Run> | null = null;
  const program: Program = {
    settings,
    parameters: loaded.parameters,
    modules: loaded.modules.flatMap(({ name }) => modules.get(name) ?? []),
    // `siprest check` has no use for it
    get compiled() {
      compiled ??= compileScript(loaded.script, loaded.lookup, {
        maxWhileLoops: settings.maxWhileLoops,
        enableAsserts: settings.enableAsserts,
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

function readSettings(values: ParameterValues, sockets: readonly ListenAddress[]): Omit<Settings, 'argv'> {
  const number = (name: string) => Number(values[name]);
  const flag = (name: string) => values[name] === true;
  const aliases = values['alias'];
  const consumer = (name: string): LogConsumer => {
    const format = values[`${name}_log_format`];
    const level = values[`${name}_level_filter`];
    return {
      enabled: flag(`${name}_enabled`),
      format: format === 'json' || format === 'json_cee' ? format : 'text',
      level: typeof level === 'number' ? level : null,
    };
  };
  return {
    logLevel: number('log_level'),
    xlogLevel: number('xlog_level'),
    xlogPrintLevel: number('xlog_print_level'),
    xlogForceColor: flag('xlog_force_color'),
    logPrefix: String(values['log_prefix'] ?? ''),
    stderror: consumer('stderror'),
    syslog: {
      ...consumer('syslog'),
      facility: String(values['syslog_facility']),
      name: String(values['syslog_name']),
    },
    sockets,
    tcp: {
      connectTimeout: number('tcp_connect_timeout'),
      idleTimeout: 1000 * Math.max(number('tcp_connection_lifetime'), 1),
      messageTimeout: 1000 * number('tcp_max_msg_time'),
      accepted: number('tcp_max_connections'),
      acceptedFromOne: Math.max(
        number('tcp_max_connections') / 4,
        Math.min(number('tcp_max_connections'), 512),
      ),
    },
    tcpAcceptAliases: flag('tcp_accept_aliases'),
    names: {
      timeout: 1000 * (number('dns_retr_time') || 2),
      tries: number('dns_retr_no') || 2,
      search: flag('dns_use_search_list'),
    },
    multihomed: flag('mhomed'),
    udpWorkers: number('udp_workers'),
    aliases: (Array.isArray(aliases) ? aliases : []).map((alias) =>
      splitProtocol(String(alias)).rest.toLowerCase(),
    ),
    maxWhileLoops: number('max_while_loops'),
    scriptTimeLimit: number('script_time_limit') || Number.POSITIVE_INFINITY,
    enableAsserts: flag('enable_asserts'),
    disable503Translation: flag('disable_503_translation'),
    disableStatelessForwarding:
      values['disable_stateless_fwd'] == null ? null : flag('disable_stateless_fwd'),
    dnsFailover: !flag('disable_dns_failover'),
    userAgent: userAgentHeader(values['user_agent_header']),
    serverHeader: flag('server_signature') ? serverHeader(values['server_header']) : null,
  };
}

/** The value of the User-Agent header; the setting gives the whole line. */
function userAgentHeader(setting: ParameterValue | undefined): string | null {
  return typeof setting === 'string' ? setting.replace(/^User-Agent:\s*/i, '') : null;
}

/** The value of the Server header; the setting gives the whole line. */
function serverHeader(setting: ParameterValue | undefined): string {
  return typeof setting === 'string' ? setting.replace(/^Server:\s*/i, '') : 'siprest';
}
