/** Collects the metrics of one scrape. What Prometheus would refuse is refused here, so that a script's error spoils nothing else. */
import type { ScriptMetric } from '../../runtime/index.ts';
import type { Labels } from './labels.ts';

/** Maximum size of all metrics of a scrape, in bytes. */
const mostBytes = 1024 * 1024;

interface Family extends Omit<ScriptMetric, 'samples'> {
  /** By their labels. */
  readonly samples: Map<string, ScriptMetric['samples'][number]>;
}

export class Collection {
  readonly #families = new Map<string, Family>();
  #bytes = 0;

  get metrics(): readonly ScriptMetric[] {
    return [...this.#families.values()].map(({ samples, ...facts }) => ({
      ...facts,
      samples: [...samples.values()],
    }));
  }

  /** Declares a metric, once. Returns what is wrong, or null. */
  declare(name: string, type: string, help: string): string | null {
    if (!/^[a-z_:][\w:]*$/i.test(name))
      return `invalid name "${name}" of a metric: use letters, digits, "_" and ":"`;
    if (/^siprest_/i.test(name)) return `"${name}": names of siprest_ are those of siprest's own figures`;
    if (type !== 'counter' && type !== 'gauge')
      return `invalid type "${type}" of a metric: use counter or gauge`;
    const known = this.#families.get(name);
    if (known !== undefined)
      return known.type === type ? null : `"${name}" is declared already, as a ${known.type}`;
    if (!this.#takes(name.length + help.length)) return tooMuch;
    this.#families.set(name, { name, type, help: shown(help), samples: new Map() });
    return null;
  }

  /** The last value for the same labels counts. Returns what is wrong, or null. */
  push(name: string, labels: Labels, value: number): string | null {
    const family = this.#families.get(name);
    if (family === undefined) return `no metric "${name}" is declared`;
    const key = JSON.stringify(labels);
    if (!family.samples.has(key) && !this.#takes(name.length + key.length + 16)) return tooMuch;
    const texts = labels.map(([label, text]) => [label, shown(text)] as const);
    family.samples.set(key, { labels: texts, value });
    return null;
  }

  #takes(bytes: number): boolean {
    if (this.#bytes + bytes > mostBytes) return false;
    this.#bytes += bytes;
    return true;
  }
}

const tooMuch = `the metrics of a scrape are limited to ${mostBytes / 1024 / 1024} MiB`;

/** Scripts have bytes. */
const shown = (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8');
