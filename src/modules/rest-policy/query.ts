/** `{rest.query}`: appends names and values, escaped, to a URL. */
import { percentEncode } from '../../rest/index.ts';
import { defineTransformation } from '../../runtime/index.ts';
import { InvalidUse, type TransformationArgument, toText } from '../../script/index.ts';

const maxPairs = 16;

const pairs = Array.from({ length: maxPairs }, (_, i) => i + 1).flatMap(
  (i): readonly TransformationArgument[] => [
    { name: `name${i}`, type: 'string', optional: i > 1 },
    { name: `value${i}`, type: 'string', optional: i > 1 },
  ],
);

export const query = defineTransformation({
  name: 'rest.query',
  arguments: pairs,
  summary: `Appends a query to a URL: names and values in turn, up to ${maxPairs} pairs, each percent-encoded. A pair whose value is a variable that is null is left out.`,
  source: "siprest's own",
  example: [
    'https://api.example.com/credit',
    '{rest.query,user,a&b@example.com,currency,EUR}',
    'https://api.example.com/credit?user=a%26b%40example.com&currency=EUR',
  ],
  takesNull: true,
  urlSafe: true,
  prepare: (constants) => {
    if (constants.filter((one) => one !== undefined).length % 2 !== 0)
      throw new InvalidUse('a name without a value', 'names and values take turns: {rest.query,user,$fU}');
    return (value, args) => {
      const url = toText(value);
      return url === null ? null : withQuery(url, args);
    };
  },
});

function withQuery(url: string, args: readonly unknown[]): string {
  const hash = url.indexOf('#');
  let text = hash < 0 ? url : url.slice(0, hash);
  let separator = !text.includes('?') ? '?' : /[?&]$/.test(text) ? '' : '&';
  for (let i = 0; i + 1 < args.length; i += 2) {
    const name = args[i];
    const value = args[i + 1];
    if (typeof name !== 'string' || typeof value !== 'string') continue;
    text += `${separator}${percentEncode(name, 'latin1')}=${percentEncode(value, 'latin1')}`;
    separator = '&';
  }
  return hash < 0 ? text : text + url.slice(hash);
}
