import { RestOptionError } from './errors.ts';
import { percentEncode } from './percent-encoding.ts';

/**
 * Builds a URL, or a part of one, from a template: each interpolated value is percent-encoded, so that it cannot
 * leave its place; what the template itself says stays as it is.
 *
 * @example url`https://billing.example.org/credit/${user}?in=${currency}` // put a configured base in front: base +
 * url`/credit/${user}`
 * @throws RestOptionError for a value other than text, numbers and booleans, null and undefined included
 */
export function url(
  template: TemplateStringsArray,
  ...values: readonly (string | number | bigint | boolean)[]
): string {
  let out = template[0] ?? '';
  for (let i = 0; i < values.length; i++) {
    const text = textOf(values[i], i);
    if (out === '' && /^https?:\/\//i.test(text)) {
      throw new RestOptionError(
        'wrong-type',
        'url',
        'a URL as the first value would be percent-encoded as a whole; put it in front: base + url`/path/${value}`',
      );
    }
    out += percentEncode(text) + (template[i + 1] ?? '');
  }
  return out;
}

function textOf(value: unknown, index: number): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      throw new RestOptionError(
        'wrong-type',
        'url',
        `invalid value ${index + 1} of the URL: ${value === null ? 'null' : typeof value}; expected a string, number or boolean`,
      );
  }
}
