/** `{s.escape.…}`, `{s.b64encode}` and their like: other spellings of the same bytes. trans-s-escape-*, trans-s-b64. */
import type { Value } from '../../script/index.ts';
import { argument, integer, ofText, ofTextAndString, type Specification } from './define.ts';

export const encodingTransformations: readonly Specification[] = [
  {
    name: 's.encode.hexa',
    summary: 'Two hexadecimal digits for each byte.',
    example: ['a/', '{s.encode.hexa}', '612f'],
    prepare: ofText((text) => Buffer.from(text, 'latin1').toString('hex')),
  },
  {
    name: 's.decode.hexa',
    summary: 'The bytes that pairs of hexadecimal digits stand for; null where the text is not such.',
    example: ['612F', '{s.decode.hexa}', 'a/'],
    prepare: ofText((text) =>
      text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text) ? Buffer.from(text, 'hex').toString('latin1') : null,
    ),
  },
  {
    name: 's.escape.common',
    summary: 'A backslash before single and double quotes and backslashes; `\\0` for a zero byte.',
    example: ['it\'s "q" \\', '{s.escape.common}', 'it\\\'s \\"q\\" \\\\'],
    prepare: ofText((text) => text.replace(/['"\\\0]/g, (c) => (c === '\0' ? '\\0' : `\\${c}`))),
  },
  {
    name: 's.unescape.common',
    summary: 'The reverse of `s.escape.common`.',
    example: ['it\\\'s \\"q\\" \\\\', '{s.unescape.common}', 'it\'s "q" \\'],
    prepare: ofText((text) => text.replace(/\\(['"\\0])/g, (_, c: string) => (c === '0' ? '\0' : c))),
  },
  {
    name: 's.escape.user',
    summary: 'Percent escapes for all that the user part of a SIP URI may not hold (RFC 3261, 25.1).',
    example: ['a b@c', '{s.escape.user}', 'a%20b%40c'],
    prepare: ofText((text) => text.replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/g, percent)),
  },
  {
    name: 's.unescape.user',
    summary: 'Bytes for percent escapes; null where a % begins none.',
    example: ['a%20b%40c', '{s.unescape.user}', 'a b@c'],
    prepare: ofText(unescapePercent),
  },
  {
    name: 's.escape.param',
    summary: 'Percent escapes for all that a parameter of a SIP URI may not hold (RFC 3261, 25.1).',
    example: ['a b@c', '{s.escape.param}', 'a%20b%40c'],
    prepare: ofText((text) => text.replace(/[^A-Za-z0-9\-_.!~*'()[\]/:&+$]/g, percent)),
  },
  {
    name: 's.unescape.param',
    summary: 'Bytes for percent escapes; null where a % begins none.',
    example: ['a%20b%40c', '{s.unescape.param}', 'a b@c'],
    prepare: ofText(unescapePercent),
  },
  {
    name: 's.dec2hex',
    summary: 'A decimal number in hexadecimal digits; a negative one as 64 bits.',
    example: ['255', '{s.dec2hex}', 'ff'],
    prepare: ofText((text) => {
      const digits = /^\s*([+-]?)(\d{1,20})\s*$/.exec(text);
      if (digits === null) return null;
      const number = BigInt(digits[2] ?? '');
      return BigInt.asUintN(64, digits[1] === '-' ? -number : number).toString(16);
    }),
  },
  {
    name: 's.hex2dec',
    summary: 'A hexadecimal number of up to 16 digits as a decimal one.',
    example: ['ff', '{s.hex2dec}', 255],
    prepare: ofText((text) => {
      const digits = /^\s*(?:0[xX])?([0-9A-Fa-f]{1,16})\s*$/.exec(text)?.[1];
      return digits === undefined ? null : integer(BigInt(`0x${digits}`));
    }),
  },
  {
    name: 's.b64encode',
    summary: 'The bytes in Base64 (RFC 4648, 4).',
    example: ['\x02\x03\x04\x05!@#%^&*', '{s.b64encode}', 'AgMEBSFAIyVeJio='],
    prepare: ofText((text) => Buffer.from(text, 'latin1').toString('base64')),
  },
  {
    name: 's.b64decode',
    summary: 'The bytes of a Base64 text, as far as it is one.',
    example: ['AgMEBSFAIyVeJio=', '{s.b64decode}', '\x02\x03\x04\x05!@#%^&*'],
    prepare: ofText((text) => {
      const end = text.search(/[^A-Za-z0-9+/]/);
      return Buffer.from(end < 0 ? text : text.slice(0, end), 'base64').toString('latin1');
    }),
  },
  {
    name: 's.xor',
    arguments: [argument.rest('secret')],
    summary: 'Each byte combined by exclusive or with that of the secret, which repeats.',
    example: ['ab', '{s.xor,k}', '\x0a\x09'],
    prepare: ofTextAndString(exclusiveOr),
  },
];

const percentTable = Array.from({ length: 256 }, (_, code) => `%${code.toString(16).padStart(2, '0')}`);
const percent = (c: string) => percentTable[c.charCodeAt(0) & 0xff] ?? c;

function unescapePercent(text: string): Value {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return null;
  return text.replace(/%(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

function exclusiveOr(text: string, secret: string): Value {
  if (secret === '') return null;
  const bytes = Buffer.from(text, 'latin1');
  const key = Buffer.from(secret, 'latin1');
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ (key[i % key.length] ?? 0);
  return bytes.toString('latin1');
}
