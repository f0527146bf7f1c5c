/** The table of the client's options in docs/rest-client.md, from the table in src/rest/options.ts. */
import { CLIENT_OPTIONS, type OptionSpec, TLS_OPTIONS } from '../src/rest/options.ts';

const begin = '<!-- options: begin -->';
const end = '<!-- options: end -->';

function defaultOf(spec: OptionSpec): string {
  if (spec.type === 'number') return `${spec.default.toLocaleString('en')} ${spec.unit}`;
  if (spec.type === 'boolean') return String(spec.default);
  return spec.default === '' ? 'none' : `\`'${spec.default}'\``;
}

function rangeOf(spec: OptionSpec): string {
  if (spec.type === 'choice') return spec.choices.map((choice) => `\`'${choice}'\``).join(', ');
  if (spec.type !== 'number') return spec.type;
  const { min, max } = spec;
  return max === Number.POSITIVE_INFINITY
    ? `${min} or more`
    : `${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
}

/** The page with the table as it has to be. */
export function withOptionTable(page: string): string {
  const rows: readonly (readonly [string, OptionSpec])[] = [
    ...Object.entries(CLIENT_OPTIONS),
    ...Object.entries(TLS_OPTIONS).map(([name, spec]) => [`tls.${name}`, spec] as const),
  ];
  const lines = rows.map(
    ([name, spec]) => `| \`${name}\` | ${defaultOf(spec)} | ${rangeOf(spec)} | ${spec.doc} |`,
  );
  const table = ['| option | default | values | |', '| --- | --- | --- | --- |', ...lines].join('\n');
  const from = page.indexOf(begin) + begin.length;
  const to = page.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`docs/rest-client.md has no ${begin} … ${end}`);
  return `${page.slice(0, from)}\n\n${table}\n\n${page.slice(to)}`;
}
