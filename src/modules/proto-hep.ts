/** The proto_hep module: collectors that take HEP. Source: modules/proto_hep of the manual. */
import { type Collector, defineModule, type Run, receivedFrom } from '../runtime/index.ts';
import { definedNames, defineParameters, InvalidUse, type RowValues, type Status } from '../script/index.ts';
import { bareHost, parseHostPort } from '../sip/index.ts';

const noReceiving = 'siprest sends HEP and does not receive it';
const neverWaits = 'sending never waits';

export const hepParameters = defineParameters([
  {
    name: 'hep_id',
    type: 'string',
    default: null,
    repeated: true,
    summary:
      'A collector: `[NAME] HOST:PORT; transport=tcp; version=3`; the transport is `tcp`, as by default, or `udp`.',
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
  readonly transport: Collector['transport'];
  /** How siprest differs from what is written. */
  readonly warnings: readonly string[];
}

/** `HOST:PORT; transport=udp; version=3`. Throws {@link InvalidUse}. @param usual the transport of version 3 */
export function readHepAddress(text: string, usual: Collector['transport'] = 'tcp'): HepAddress {
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
  const transport = values.get('transport') ?? (version === '3' ? usual : 'udp');
  if (!['1', '2', '3'].includes(version))
    throw new InvalidUse(`unknown HEP version ${version}`, 'use version=3');
  if (transport !== 'tcp' && transport !== 'udp')
    throw new InvalidUse(
      `unknown transport ${transport} of a HEP collector`,
      'use transport=tcp or transport=udp',
    );
  const warnings = [...(version === '3' ? [] : [`siprest sends HEP version 3 to ${place}, not ${version}`])];
  return { host: bareHost(found.host), port: found.port, transport, warnings };
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
  { host, port, transport }: Pick<HepAddress, 'host' | 'port' | 'transport'>,
  { hep_capture_id, hep_port, hep_auth_key }: HepValues,
): Collector => ({
  host,
  port: port ?? hep_port,
  transport,
  captureId: hep_capture_id,
  key: hep_auth_key,
});

/** The collectors that the parameters define, by name. */
export const collectorsOf = (values: RowValues<typeof hepParameters>): ReadonlyMap<string, Collector> =>
  new Map(
    values.hep_id.map((text) => {
      const id = readHepId(text);
      return [id.name, collectorAt(id, values)];
    }),
  );

function correlate(
  run: Run,
  id: string,
  firstType: string,
  first: string,
  secondType: string,
  second: string,
): Status {
  const { message } = run;
  const collector = collectorsOf(run.parameters(hepParameters)).get(id);
  if (collector === undefined || firstType === secondType) {
    run.complain(
      `correlate(): ${collector === undefined ? `there is no hep_id "${id}"` : `both types are "${firstType}"`}`,
    );
    return -1;
  }
  if (message === null) return -1;
  const { local, peer } = receivedFrom(message);
  run.routing.host.collectors.correlate(collector, {
    ids: { [firstType]: first, [secondType]: second },
    correlationId: message.callId,
    from: peer,
    to: local ?? { address: peer.address, port: 0 },
  });
  return 1;
}

export const protoHep = defineModule({
  name: 'proto_hep',
  summary: 'The collectors that tracer sends to, such as Homer: by HEP version 3, over TCP or UDP.',
  source: 'modules/proto_hep',
  parameters: hepParameters,
  functions: [
    {
      name: 'correlate',
      arguments: [
        {
          name: 'hep_id',
          type: 'string',
          definedBy: definedNames('proto_hep', hepParameters, ({ hep_id }) =>
            hep_id.map((text) => readHepId(text).name),
          ),
          summary: 'The name of a `hep_id`.',
        },
        { name: 'type1', type: 'string', summary: 'What the first ID is, such as `sip`.' },
        { name: 'correlation1', type: 'string', summary: 'The first ID, such as a Call-ID.' },
        { name: 'type2', type: 'string', summary: 'What the second ID is; another word than `type1`.' },
        { name: 'correlation2', type: 'string', summary: 'The second ID.' },
      ],
      routes: ['route', 'failure_route', 'onreply_route', 'branch_route', 'local_route'],
      summary:
        'Tells a collector that two IDs belong together: a message of the type log whose payload, and chunk 1 of the vendor 3, is `{"type1":"correlation1","type2":"correlation2"}`. -1 for an unknown `hep_id`, or equal types.',
      source: 'modules/proto_hep',
      run: correlate,
    },
  ],
  validate: ({ hep_id }) => hep_id.flatMap((text) => readHepId(text).warnings),
});
