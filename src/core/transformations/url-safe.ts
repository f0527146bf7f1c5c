/** Transformations whose result contains no characters with a special meaning in URLs. */
import type { Run } from '../../runtime/index.ts';
import type { TransformationSpec } from '../../script/index.ts';

const names: ReadonlySet<string> = new Set([
  ...['s.len', 's.int', 's.index', 's.rindex', 's.encode.hexa', 's.dec2hex', 's.hex2dec', 's.crc32', 's.md5'],
  ...[
    'sha1',
    'sha224',
    'sha256',
    'sha384',
    'sha512',
    's.date2unix',
    'csv.count',
    'param.count',
    'param.exist',
  ],
  ...['ip.isip', 'ip.isip4', 'ip.isip6', 'ip.isprivate', 'ip.family', 'ip.matches', 'nameaddr.len'],
]);

export function withUrlSafety(specs: readonly TransformationSpec<Run>[]): readonly TransformationSpec<Run>[] {
  return specs.map((spec) => (names.has(spec.name) ? { ...spec, urlSafe: true } : spec));
}
