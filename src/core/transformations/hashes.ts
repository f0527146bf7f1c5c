/** `{s.md5}`, `{s.sha…}`, `{s.sha…_hmac,key}`, `{s.crc32}`: digests of the bytes, in lower-case hexadecimal digits. */

import { createHmac, hash } from 'node:crypto';
import { defineTransformations } from '../../runtime/index.ts';

/** Each algorithm, with the digest of `alice` and its HMAC with the key `key` as examples. */
const shaAlgorithms: readonly { readonly name: string; readonly digest: string; readonly hmac: string }[] = [
  {
    name: 'sha1',
    digest: '522b276a356bdf39013dfabea2cd43e141ecc9e8',
    hmac: '818982c87770caf4969def86e3da485d765e8be3',
  },
  {
    name: 'sha224',
    digest: '38b7e5d5651aaf85694a7a7c6d5db1275af86a6df93a36b8a4a2e771',
    hmac: '8d9b9d18439dff51c92a8e20ccb6032c27b4d54f9427612cb8ba68e1',
  },
  {
    name: 'sha256',
    digest: '2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90',
    hmac: '76fb55e929c06b97b01c35950ee5f72fe415b15ed3a7356c39e709906dbb5c45',
  },
  {
    name: 'sha384',
    digest:
      '96a5353e625adc003a01bdcd9b21b21189bdd9806851829f45b81d3dfc6721ee21f6e0e98c4dd63bc559f66c7a74233a',
    hmac: '49c3ba183fd7f0df0b0385cb7baf2319a98e935ebc8db0199719dcb97c56fb4e2991cdaeb00c472c7affa921b660d4c2',
  },
  {
    name: 'sha512',
    digest:
      '408b27d3097eea5a46bf2ab6433a7234a33d5e49957b13ec7acc2ca08e1a13c75272c90c8d3385d47ede5420a7a9623aad817d9f8a70bd100a0acea7400daa59',
    hmac: 'da1ec0542f21b03d2900b89145b215b509473f1fa5da06c35b2730fdc6d778304e220eb4458266b00cd6f0f4bd90576861eb029d1bc057b846182900049be4cd',
  },
];

export const hashTransformations = defineTransformations([
  {
    name: 's.md5',
    arguments: [],
    summary: 'The MD5 digest.',
    example: ['alice', '{s.md5}', '6384e2b2184bcbf58eccf10ca7a6563c'],
    apply: (text) => hash('md5', bytes(text), 'hex'),
  },
  {
    name: 's.crc32',
    arguments: [],
    summary:
      'The CRC-32 checksum as a decimal string, without the final inversion: the bitwise complement of the usual CRC-32.',
    example: ['123456789', '{s.crc32}', '873187033'],
    apply: (text) => String(~process.getBuiltinModule('node:zlib').crc32(bytes(text)) >>> 0),
  },
  ...shaAlgorithms.flatMap(({ name, digest, hmac }) =>
    defineTransformations([
      {
        name: `s.${name}`,
        arguments: [],
        summary: `The ${name.toUpperCase()} digest.`,
        example: ['alice', `{s.${name}}`, digest],
        apply: (text) => hash(name, bytes(text), 'hex'),
      },
      {
        name: `s.${name}_hmac`,
        arguments: [{ name: 'key', type: 'rest' }],
        summary: `The HMAC with ${name.toUpperCase()} and a key.`,
        example: ['alice', `{s.${name}_hmac,key}`, hmac],
        apply: (text, key) => createHmac(name, bytes(key)).update(bytes(text)).digest('hex'),
      },
    ]),
  ),
]);

const bytes = (text: string) => Buffer.from(text, 'latin1');
