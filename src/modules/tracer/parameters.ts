/** The parameters of tracer, and of siptrace, as it was called before. */
import { defineParameters, InvalidUse } from '../../script/index.ts';
import { bareHost, DEFAULT_PROTOCOL, defaultPort, parseHostPort, splitProtocol } from '../../sip/index.ts';

const shared = defineParameters([
  {
    name: 'trace_on',
    type: 'boolean',
    default: true,
    summary: 'Whether anything is traced; the command `tracer:trace` changes it.',
  },
  {
    name: 'trace_local_ip',
    type: 'string',
    default: null,
    summary:
      'The source of sent messages in traces, `[PROTOCOL:]ADDRESS[:PORT]`; default the address of the socket.',
  },
  {
    name: 'trace_id',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'A destination: `[NAME]uri=hep:HEP_ID`, where `HEP_ID` is defined in proto_hep. A name may have several.',
  },
]);

const noFiles = 'siprest traces to HEP collectors only';

export const tracerParameters = defineParameters([
  ...shared,
  {
    name: 'syslog_default_facility',
    type: 'string',
    default: null,
    summary: 'The facility of traces to syslog.',
    inert: noFiles,
  },
  {
    name: 'syslog_default_level',
    type: 'int',
    default: null,
    summary: 'The level of traces to syslog.',
    inert: noFiles,
  },
  { name: 'file_mode', type: 'int', default: 0o600, summary: 'Permissions of files.', inert: noFiles },
]);

export const siptraceParameters = defineParameters([...shared]);

/** A `trace_id`: what its `uri` names. Throws {@link InvalidUse}. */
export function readTraceId(text: string): { readonly name: string; readonly uri: string } {
  const [, name, rest = ''] = /^\s*\[\s*([\w.-]+)\s*\]\s*(.*)$/s.exec(text) ?? [];
  const uri = rest
    .split(';')
    .map((part) => /^\s*uri\s*=\s*(\S+)\s*$/.exec(part)?.[1])
    .find((value) => value !== undefined);
  if (name === undefined || uri === undefined)
    throw new InvalidUse('invalid trace_id', 'use [NAME]uri=hep:HEP_ID');
  return { name, uri };
}

/** The name or address in a `hep:` URI, or null. */
export const hepOf = (uri: string): string | null => /^hep:(.+)$/s.exec(uri)?.[1] ?? null;

/** An address and port. */
export function readLocalEnd(text: string): { readonly address: string; readonly port: number } {
  const { protocol, rest } = splitProtocol(text);
  const end = parseHostPort(protocol === null ? text : rest);
  if (end === null) throw new InvalidUse(`invalid trace_local_ip "${text}"`, 'use ADDRESS or ADDRESS:PORT');
  return { address: bareHost(end.host), port: end.port ?? defaultPort(protocol ?? DEFAULT_PROTOCOL) };
}

/** The warnings of a script's parameters. */
export function checkTracing({
  trace_id,
  trace_local_ip,
}: {
  readonly trace_id: readonly string[];
  readonly trace_local_ip: string | null;
}): string[] {
  if (trace_local_ip !== null) readLocalEnd(trace_local_ip);
  return trace_id.flatMap((text) => {
    const { name, uri } = readTraceId(text);
    const [scheme = ''] = uri.split(':');
    return hepOf(uri) === null
      ? [`trace_id "${name}" has no effect for ${scheme}: siprest traces to HEP collectors only`]
      : [];
  });
}
