/** Summarizes modules and parameters without effect in one line, since most scripts have some. */
import { briefText, type Diagnostic, type Inert } from './diagnostics.ts';

export function isInert(diagnostic: Diagnostic): diagnostic is Diagnostic & { readonly inert: Inert } {
  return diagnostic.inert !== undefined;
}

const nouns = { module: 'module', setting: 'setting', parameter: 'module parameter' } as const;

/** `3 modules and settings have no effect here: proto_udp, mi_fifo, fork; --verbose shows why`; empty for none. */
export function inertText(diagnostics: readonly Diagnostic[]): string {
  const all = diagnostics.filter(isInert).map(({ inert }) => inert);
  const names = [...new Set(all.map(({ name }) => briefText(name)))];
  const one = names.length === 1;
  const kinds = Object.entries(nouns)
    .filter(([kind]) => all.some((inert) => inert.kind === kind))
    .map(([, noun]) => (one ? noun : `${noun}s`));
  if (kinds.length === 0) return '';
  const last = kinds.pop();
  const what = kinds.length === 0 ? last : `${kinds.join(', ')} and ${last}`;
  return `${names.length} ${what} ${one ? 'has' : 'have'} no effect here: ${names.join(', ')}; --verbose shows why`;
}
