import { RestOptionError } from './errors.ts';
import { percentEncode } from './percent-encoding.ts';

/**
 * Builds a URL, or a part of one, from a template. Each interpolated value is percent-encoded, so that it cannot change
 * the structure of the URL; the template's own text is unchanged.
 *
 * @example
 * url`https://billing.example.org/credit/${user}?in=${currency}`;
 * base + url`/credit/${user}`; // a configured base is not encoded
 * @throws RestOptionError for any value that is not a string, number or boolean, or that would be a segment `.` or `..`
 */
export function url(
  template: TemplateStringsArray,
  ...values: readonly (string | number | bigint | boolean)[]
): string {
  let out = template[0] ?? '';
  let hasDots = false;
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
    hasDots ||= text === '.' || text === '..';
  }
  if (hasDots && dotSegment.test(out.replace(/[?#].*$/s, '')))
    throw new RestOptionError(
      'wrong-type',
      'url',
      'a value of "." or ".." would be a whole segment of the path, which leads to another resource',
    );
  return out;
}

/** `/../`, which everybody who reads a URL takes for a step up, and no escaping changes that (RFC 3986, 5.2.4). */
const dotSegment = /(?:^|\/)\.\.?(?:\/|$)/;

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
