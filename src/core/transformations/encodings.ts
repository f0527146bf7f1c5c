/** `{s.escape.…}`, `{s.b64encode}` and the like: escapes and encodings (trans-s-escape-*, trans-s-b64). */
import { defineTransformations } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';

export const encodingTransformations = defineTransformations([
  {
    name: 's.encode.hexa',
    arguments: [],
    summary: 'Two hexadecimal digits for each byte.',
    example: ['a/', '{s.encode.hexa}', '612f'],
    apply: (text) => Buffer.from(text, 'latin1').toString('hex'),
  },
  {
    name: 's.decode.hexa',
    arguments: [],
    summary:
      'Decodes pairs of hexadecimal digits, ignoring an odd last digit; null if the text contains anything else.',
    source: 'vector edge-s-decode-hexa-odd',
    example: ['612F', '{s.decode.hexa}', 'a/'],
    apply: (text) =>
      /^[0-9a-f]*$/i.test(text)
        ? Buffer.from(text.slice(0, text.length & ~1), 'hex').toString('latin1')
        : null,
  },
  {
    name: 's.escape.common',
    arguments: [],
    summary: 'A backslash before single and double quotes and backslashes; `\\0` for a zero byte.',
    example: ['it\'s "q" \\', '{s.escape.common}', 'it\\\'s \\"q\\" \\\\'],
    apply: (text) => text.replace(/['"\\\0]/g, (c) => (c === '\0' ? '\\0' : `\\${c}`)),
  },
  {
    name: 's.unescape.common',
    arguments: [],
    summary: 'The reverse of `s.escape.common`.',
    example: ['it\\\'s \\"q\\" \\\\', '{s.unescape.common}', 'it\'s "q" \\'],
    apply: (text) => text.replace(/\\(['"\\0])/g, (_, c: string) => (c === '0' ? '\0' : c)),
  },
  {
    name: 's.escape.user',
    arguments: [],
    summary:
      'Percent-encodes all characters that the user part of a SIP URI may not contain (RFC 3261, 25.1); null if the text contains control characters or non-ASCII bytes.',
    example: ['a b@c', '{s.escape.user}', 'a%20b%40c'],
    apply: (text) => escapePercent(text, /[^A-Za-z0-9\-_.!~*'()&=+$,;?/]/g),
  },
  {
    name: 's.unescape.user',
    arguments: [],
    summary:
      'Decodes percent escapes. Null if an escape is invalid or yields a control character or a non-ASCII byte, so that no line break can be smuggled into a header.',
    example: ['a%20b%40c', '{s.unescape.user}', 'a b@c'],
    apply: unescapePercent,
  },
  {
    name: 's.escape.param',
    arguments: [],
    summary:
      'Percent-encodes all characters that a parameter of a SIP URI may not contain (RFC 3261, 25.1); null if the text contains control characters or non-ASCII bytes.',
    example: ['a b@c', '{s.escape.param}', 'a%20b%40c'],
    apply: (text) => escapePercent(text, /[^A-Za-z0-9\-_.!~*'()[\]/:&+$]/g),
  },
  {
    name: 's.unescape.param',
    arguments: [],
    summary:
      'Decodes percent escapes. Null if an escape is invalid or yields a control character or a non-ASCII byte, so that no line break can be smuggled into a header.',
    example: ['a%20b%40c', '{s.unescape.param}', 'a b@c'],
    apply: unescapePercent,
  },
  {
    name: 's.dec2hex',
    arguments: [],
    summary: 'A decimal number in hexadecimal, truncated to its low 32 bits.',
    example: ['255', '{s.dec2hex}', 'ff'],
    apply: (text) => {
      const digits = /^([+-]?)(\d{1,1000})$/.exec(text);
      if (digits === null) return null;
      const number = BigInt(digits[2] ?? '');
      return BigInt.asUintN(32, digits[1] === '-' ? -number : number).toString(16);
    },
  },
  {
    name: 's.hex2dec',
    arguments: [],
    summary:
      'A hexadecimal number in decimal, truncated to its low 32 bits, signed. Negative results print as unsigned 64-bit numbers. Numbers are returned unchanged.',
    example: ['ff', '{s.hex2dec}', 255],
    prepare: () => (value) => {
      if (typeof value !== 'string') return value;
      return isHex(value) ? Number.parseInt(value.slice(-8) || '0', 16) | 0 : null;
    },
    text: (input) => {
      if (typeof input !== 'string') return input;
      if (!isHex(input)) return null;
      return String(BigInt.asUintN(64, BigInt(Number.parseInt(input.slice(-8) || '0', 16) | 0)));
    },
  },
  {
    name: 's.b64encode',
    arguments: [],
    summary: 'The text in Base64 (RFC 4648, 4).',
    example: ['\x02\x03\x04\x05!@#%^&*', '{s.b64encode}', 'AgMEBSFAIyVeJio='],
    apply: (text) => Buffer.from(text, 'latin1').toString('base64'),
  },
  {
    name: 's.b64decode',
    arguments: [],
    summary: 'Decodes Base64, ignoring other characters.',
    source: 'vector edge-s-b64-odd',
    example: ['AgMEBSFAIyVeJio=', '{s.b64decode}', '\x02\x03\x04\x05!@#%^&*'],
    apply: (text) => Buffer.from(text.replace(/[^A-Za-z0-9+/]+/g, ''), 'base64').toString('latin1'),
  },
  {
    name: 's.xor',
    arguments: [{ name: 'secret', type: 'rest' }],
    summary: 'Each byte XORed with the secret, which repeats.',
    example: ['ab', '{s.xor,k}', '\x0a\x09'],
    apply: exclusiveOr,
  },
]);

const isHex = (text: string) => /^[0-9A-Fa-f]*$/.test(text);

const percentTable = Array.from({ length: 256 }, (_, code) => `%${code.toString(16).padStart(2, '0')}`);
const percent = (c: string) => percentTable[c.charCodeAt(0) & 0xff] ?? c;

const unprintable = /[^\x20-\x7e]/;

function escapePercent(text: string, special: RegExp): Value {
  return unprintable.test(text) ? null : text.replace(special, percent);
}

function unescapePercent(text: string): Value {
  let isSafe = true;
  const bytes = text.replace(/%([0-9A-Fa-f]{2})?/g, (_, digits: string | undefined) => {
    const byte = digits === undefined ? '\0' : String.fromCharCode(Number.parseInt(digits, 16));
    isSafe &&= !unprintable.test(byte);
    return byte;
  });
  return isSafe ? bytes : null;
}

function exclusiveOr(text: string, secret: string): Value {
  if (secret === '') return null;
  const bytes = Buffer.from(text, 'latin1');
  const key = Buffer.from(secret, 'latin1');
  for (let i = 0; i < bytes.length; i++) bytes[i] = (bytes[i] ?? 0) ^ (key[i % key.length] ?? 0);
  return bytes.toString('latin1');
}
