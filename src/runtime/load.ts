/** From the text of a script to something that can be started: parsed, checked, compiled, its settings read. */
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
  type SettingNode,
  type SourceSet,
} from '../script/index.ts';
import type { Module } from './module.ts';
import { cachedRegex, regexError } from './regex.ts';
import type { Run } from './run.ts';
import type { ListenAddress, Settings } from './settings.ts';

/** A script that can be started. */
export interface Program {
  readonly compiled: CompiledScript<Run>;
  readonly settings: Settings;
  /** Of each loaded module, by its name. */
  readonly parameters: Readonly<Record<string, ParameterValues>>;
  /** Those that the script loads, in its order. */
  readonly modules: readonly Module[];
  /** `file:line` of an offset in the source. */
  place(offset: number): string;
}

export interface LoadResult {
  /** Mistakes and warnings, in the order of the source. */
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
  /** What OpenSIPS has and siprest has not is a warning. Default false: a mistake. */
  readonly allowMissing?: boolean | undefined;
}

/** `text` is a byte string. */
export function loadProgram(
  text: string,
  fileName: string,
  catalog: RuntimeCatalog,
  { readFile, allowMissing = false }: LoadProgramOptions = {},
): LoadResult {
  const loaded = loadScript(text, fileName, catalog, {
    checkRegex: regexError,
    allowMissing,
    ...(readFile === undefined ? {} : { readFile }),
  });
  const { sockets, diagnostics: ofSockets } = listenAddresses(loaded.sockets);
  const diagnostics = [...loaded.diagnostics, ...ofSockets].toSorted((a, b) => a.span.start - b.span.start);
  const { sources } = loaded;
  if (hasErrors(diagnostics)) return { diagnostics, sources, program: null };
  const settings = readSettings(loaded.settings, sockets);
  const modules = new Map(catalog.modules.map((module) => [module.name, module]));
  const program: Program = {
    settings,
    parameters: loaded.parameters,
    modules: loaded.modules.flatMap(({ name }) => modules.get(name) ?? []),
    compiled: compileScript(loaded.script, loaded.lookup, {
      maxWhileLoops: settings.maxWhileLoops,
      enableAsserts: settings.enableAsserts,
      matcher: (pattern) => cachedRegex(pattern, { ignoreCase: true }),
    }),
    place: (offset) => {
      const { file, line } = sources.locate(offset);
      return `${file}:${line}`;
    },
  };
  return { diagnostics, sources, program };
}

const defaultSocket: ListenAddress = { transport: 'udp', host: '*', port: 5060 };

/** UDP sockets; others are passed over with a warning. Without any it is all addresses, port 5060, as the original does. */
function listenAddresses(nodes: readonly SettingNode[]): {
  sockets: ListenAddress[];
  diagnostics: Diagnostic[];
} {
  const sockets: ListenAddress[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { value, options } of nodes) {
    const match =
      /^(?:([a-z][a-z0-9_]*):)?(\*|\[[0-9a-f:.%]+\]|[a-z0-9_.-]+)(?::(\*|\d{1,5})?(?:-\d+)?)?$/i.exec(
        String(value.value),
      );
    if (match === null) continue; // the checker has said so
    const [text, protocol = 'udp', host = '*', port = '5060'] = match;
    if (protocol.toLowerCase() !== 'udp') {
      diagnostics.push({
        code: 'inert',
        severity: 'warning',
        span: value.span,
        message: `${text} is not opened: siprest listens on UDP alone so far`,
      });
      continue;
    }
    if (Number(port) > 65_535) {
      diagnostics.push({
        code: 'setting-value',
        severity: 'error',
        span: value.span,
        message: `${port} is no port`,
        help: 'a port is from 0 to 65535; 0 takes any that is free',
      });
      continue;
    }
    sockets.push({ transport: 'udp', host, port: port === '*' ? 5060 : Number(port) });
    for (const { name, span } of options) {
      if (name.text === 'tag') continue;
      diagnostics.push({
        code: 'inert',
        severity: 'warning',
        span,
        message: `${name.text} has no effect: ${name.text === 'use_workers' ? 'all sockets share the workers, see udp_workers' : 'siprest has no such option so far'}`,
      });
    }
  }
  return { sockets: nodes.length === 0 ? [defaultSocket] : sockets, diagnostics };
}

function readSettings(values: ParameterValues, sockets: readonly ListenAddress[]): Settings {
  const number = (name: string) => Number(values[name]);
  const flag = (name: string) => values[name] === true;
  const aliases = values['alias'];
  return {
    logLevel: number('log_level'),
    xlogLevel: number('xlog_level'),
    xlogPrintLevel: number('xlog_print_level'),
    xlogForceColor: flag('xlog_force_color'),
    logPrefix: String(values['log_prefix'] ?? ''),
    stderrorEnabled: flag('stderror_enabled'),
    sockets,
    udpWorkers: number('udp_workers'),
    aliases: (Array.isArray(aliases) ? aliases : []).map((alias) =>
      String(alias)
        .replace(/^(?:udp|tcp|tls):/i, '')
        .toLowerCase(),
    ),
    maxWhileLoops: number('max_while_loops'),
    enableAsserts: flag('enable_asserts'),
    serverHeader: flag('server_signature') ? serverHeader(values['server_header']) : null,
  };
}

/** The value of the Server header; the setting gives the whole line. */
function serverHeader(setting: ParameterValue | undefined): string {
  return typeof setting === 'string' ? setting.replace(/^Server:\s*/i, '') : 'siprest';
}
