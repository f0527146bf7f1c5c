/** The tables of options in the pages on the client and on its policies, from the tables in src/rest. */
import { CLIENT_OPTIONS, type OptionSpec, TLS_OPTIONS } from '../src/rest/options.ts';
import { HOST_OPTIONS } from '../src/rest/policies/host-options.ts';

function defaultOf(spec: OptionSpec): string {
  switch (spec.type) {
    case 'number':
      return `${spec.default.toLocaleString('en')}${spec.unit === 'count' ? '' : ` ${spec.unit}`}`;
    case 'boolean':
      return String(spec.default);
    case 'choices':
    case 'numbers':
    case 'strings':
      return spec.default.length === 0 ? 'none' : spec.default.map((one) => `\`${one}\``).join(', ');
    default:
      return spec.default === '' ? 'none' : `\`'${spec.default}'\``;
  }
}

function rangeOf(spec: OptionSpec): string {
  switch (spec.type) {
    case 'choice':
      return spec.choices.map((choice) => `\`'${choice}'\``).join(', ');
    case 'choices':
      return `list of ${spec.choices.map((choice) => `\`${choice}\``).join(', ')}`;
    case 'strings':
      return 'list of strings';
    case 'number':
    case 'numbers': {
      const { min, max } = spec;
      const range =
        max === Number.POSITIVE_INFINITY
          ? `${min} or more`
          : `${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
      return spec.type === 'number' ? range : `list of ${range}`;
    }
    default:
      return spec.type;
  }
}

type Rows = readonly (readonly [name: string, spec: OptionSpec])[];

function withTable(page: string, name: string, rows: Rows): string {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const lines = rows.map(
    ([option, spec]) => `| \`${option}\` | ${defaultOf(spec)} | ${rangeOf(spec)} | ${spec.doc} |`,
  );
  const table = ['| option | default | values | |', '| --- | --- | --- | --- |', ...lines].join('\n');
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`the page has no ${begin} … ${end}`);
  return `${page.slice(0, from)}\n\n${table}\n\n${page.slice(to)}`;
}

/** docs/rest-client.md with the table as it has to be. */
export function withOptionTable(page: string): string {
  const tls = Object.entries(TLS_OPTIONS).map(([name, spec]) => [`tls.${name}`, spec] as const);
  return withTable(page, 'options', [...Object.entries(CLIENT_OPTIONS), ...tls]);
}

/** docs/rest-policies.md with a table for each section of a host. */
export function withPolicyTables(page: string): string {
  const tables = Object.entries(HOST_OPTIONS).map(
    ([section, table]) => [section, Object.entries(table)] as const,
  );
  return tables
    .filter(([, rows]) => rows.length > 0)
    .reduce((written, [section, rows]) => withTable(written, section, rows), page);
}
