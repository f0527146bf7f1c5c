/** The proto_hep module: collectors that take HEP. Source: modules/proto_hep of the manual. */
import { type Collector, defineModule } from '../runtime/index.ts';
import { defineParameters, InvalidUse, type RowValues } from '../script/index.ts';
import { bareHost, parseHostPort } from '../sip/index.ts';

const noReceiving = 'siprest sends HEP and does not receive it';
const neverWaits = 'sending never waits';

export const hepParameters = defineParameters([
  {
    name: 'hep_id',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'A collector: `[NAME] HOST:PORT; transport=udp; version=3`.',
  },
  {
    name: 'hep_capture_id',
    type: 'int',
    default: 1,
    minimum: 0,
    maximum: 65_535,
    summary: 'The number of this server as a capturing agent.',
  },
  {
    name: 'hep_port',
    type: 'int',
    default: 5656,
    minimum: 1,
    maximum: 65_535,
    summary: 'The port of collectors whose `hep_id` has none.',
  },
  {
    name: 'hep_auth_key',
    type: 'string',
    default: null,
    summary: 'The key that collectors ask for.',
  },
  { name: 'homer5_on', type: 'int', default: 1, summary: 'The format of reports.', inert: noReceiving },
  {
    name: 'homer5_delim',
    type: 'string',
    default: ':',
    summary: 'What separates parts of reports.',
    inert: noReceiving,
  },
  {
    name: 'hep_max_msg_chunks',
    type: 'int',
    default: 32,
    summary: 'Pieces of a received packet.',
    inert: noReceiving,
  },
  ...(
    [
      ['hep_send_timeout', 100],
      ['hep_async', 1],
      ['hep_async_max_postponed_chunks', 32],
      ['hep_async_local_connect_timeout', 100],
      ['hep_async_local_write_timeout', 10],
      ['hep_retry_cooldown', 3600],
      ['hep_max_retries', 5],
    ] as const
  ).map(
    ([name, usual]) =>
      ({ name, type: 'int', default: usual, summary: 'About TCP connections.', inert: neverWaits }) as const,
  ),
]);

type HepValues = Pick<RowValues<typeof hepParameters>, 'hep_capture_id' | 'hep_port' | 'hep_auth_key'>;

/** Where a collector is. */
interface HepAddress {
  readonly host: string;
  readonly port: number | null;
  /** How siprest differs from what is written. */
  readonly warnings: readonly string[];
}

/** `HOST:PORT; transport=udp; version=3`. Throws {@link InvalidUse}. */
export function readHepAddress(text: string): HepAddress {
  const [place = '', ...options] = text.split(';').map((part) => part.trim());
  const found = parseHostPort(place);
  if (found === null || found.port === 0)
    throw new InvalidUse(`invalid HEP collector "${place}"`, 'use HOST:PORT, for example: 10.0.0.1:9060');
  const values = new Map<string, string>();
  for (const option of options.filter((one) => one !== '')) {
    const [, name = '', value = ''] = /^(\w+)\s*=\s*(\w+)$/.exec(option.toLowerCase()) ?? [];
    if (name !== 'transport' && name !== 'version')
      throw new InvalidUse(
        `unknown option "${option}" of a HEP collector`,
        'use transport=udp and version=3',
      );
    values.set(name, value);
  }
  const version = values.get('version') ?? '3';
  const transport = values.get('transport') ?? (version === '3' ? 'tcp' : 'udp');
  if (!['1', '2', '3'].includes(version))
    throw new InvalidUse(`unknown HEP version ${version}`, 'use version=3');
  if (transport !== 'tcp' && transport !== 'udp')
    throw new InvalidUse(`unknown transport ${transport} of a HEP collector`, 'use transport=udp');
  const warnings = [
    ...(version === '3' ? [] : [`siprest sends HEP version 3 to ${place}, not ${version}`]),
    ...(transport === 'udp' ? [] : [`siprest sends HEP to ${place} over UDP, not TCP; write transport=udp`]),
  ];
  return { host: bareHost(found.host), port: found.port, warnings };
}

/** A `hep_id`. Throws {@link InvalidUse}. */
function readHepId(text: string): HepAddress & { readonly name: string } {
  const [, name, address = ''] = /^\s*\[\s*([\w.-]+)\s*\]\s*(.*)$/s.exec(text) ?? [];
  if (name === undefined)
    throw new InvalidUse(`invalid hep_id "${text}"`, 'use [NAME] HOST:PORT; transport=udp; version=3');
  return { name, ...readHepAddress(address) };
}

/** The collector at an address. */
export const collectorAt = (
  { host, port }: Pick<HepAddress, 'host' | 'port'>,
  { hep_capture_id, hep_port, hep_auth_key }: HepValues,
): Collector => ({ host, port: port ?? hep_port, captureId: hep_capture_id, key: hep_auth_key });

/** The collectors that the parameters define, by name. */
export const collectorsOf = (values: RowValues<typeof hepParameters>): ReadonlyMap<string, Collector> =>
  new Map(
    values.hep_id.map((text) => {
      const id = readHepId(text);
      return [id.name, collectorAt(id, values)];
    }),
  );

export const protoHep = defineModule({
  name: 'proto_hep',
  summary: 'The collectors that tracer sends to, such as Homer: by HEP version 3, over UDP.',
  source: 'modules/proto_hep',
  parameters: hepParameters,
  validate: ({ hep_id }) => hep_id.flatMap((text) => readHepId(text).warnings),
});
