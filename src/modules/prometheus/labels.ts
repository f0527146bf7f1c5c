/** Labels as scripts write them: `gateway="gw1",zone="eu"`. */

export type Labels = readonly (readonly [name: string, value: string])[];

const one = /([a-z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/iy;

/** Null for anything that Prometheus would not read, or a name given twice. */
export function parseLabels(text: string): Labels | null {
  const labels: [name: string, value: string][] = [];
  for (one.lastIndex = 0; one.lastIndex < text.length; ) {
    const [, name = '', value = ''] = one.exec(text) ?? [];
    if (name === '' || labels.some(([earlier]) => earlier === name)) return null;
    labels.push([name, value.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))]);
  }
  return labels;
}

export const isLabelName = (name: string) => /^[a-z_]\w*$/i.test(name);
