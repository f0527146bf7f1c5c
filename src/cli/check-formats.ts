/** The findings of `siprest check` for other programs: SARIF 2.1.0 (OASIS), and GitHub's workflow commands. */
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Place } from '../index.ts';
import { diagnosticCodes, typescriptCodes, packageVersion as version } from '../internal.ts';
import type { CheckedFile, CheckRecord } from './checked-file.ts';

const summaries: Readonly<Record<string, string>> = {
  ...diagnosticCodes,
  ...typescriptCodes,
  'unreadable-file': 'a file that cannot be read',
};

const messageOf = ({ message, help }: CheckRecord) => (help === null ? message : `${message}; ${help}`);

/** One run with all files, for code scanning and editors. */
export function sarifText(results: readonly CheckedFile[]): string {
  const records = results.flatMap(({ diagnostics }) => diagnostics);
  const codes = [...new Set(records.map(({ code }) => code))].toSorted();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'siprest',
            version: version(),
            rules: codes.map((id) => ({ id, shortDescription: { text: summaries[id] ?? id } })),
          },
        },
        artifacts: results.map(({ file }) => ({ location: { uri: uriOf(file) } })),
        results: records.map((record) => ({
          ruleId: record.code,
          ruleIndex: codes.indexOf(record.code),
          level: record.severity,
          message: { text: messageOf(record) },
          locations: [{ physicalLocation: physical(record) }],
          ...(record.labels.length === 0
            ? {}
            : {
                relatedLocations: record.labels.map((label, id) => ({
                  id,
                  physicalLocation: physical(label),
                  message: { text: label.message },
                })),
              }),
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

/** One annotation each, in GitHub Actions: `::error file=a.cfg,line=3,col=5,...::message`. */
export function githubText(results: readonly CheckedFile[]): string {
  return results
    .flatMap(({ diagnostics }) => diagnostics)
    .map((record) => {
      const { severity, code, file, line, column, endLine, endColumn } = record;
      const properties = Object.entries({
        file,
        line,
        endLine,
        // columns only make sense within one line
        ...(line === endLine ? { col: column, endColumn } : {}),
        title: `siprest: ${code}`,
      });
      const where = properties.map(([name, value]) => `${name}=${escaped(String(value), true)}`).join(',');
      return `::${severity === 'note' ? 'notice' : severity} ${where}::${escaped(messageOf(record), false)}\n`;
    })
    .join('');
}

const escapes: Readonly<Record<string, string>> = {
  '%': '%25',
  '\r': '%0D',
  '\n': '%0A',
  ':': '%3A',
  ',': '%2C',
};

const escaped = (text: string, isProperty: boolean) =>
  text.replace(isProperty ? /[%\r\n:,]/g : /[%\r\n]/g, (c) => escapes[c] ?? c);

function physical({ file, line, column, endLine, endColumn }: Place) {
  return {
    artifactLocation: { uri: uriOf(file) },
    region: { startLine: line, startColumn: column, endLine, endColumn },
  };
}

/** Relative to where the check ran, as code scanning wants it. */
function uriOf(file: string): string {
  if (isAbsolute(file)) return pathToFileURL(file).href;
  return file.split('/').map(encodeURIComponent).join('/');
}
