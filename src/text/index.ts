/** Small text languages: regular expressions, JSON paths, SDP lines, dates, globs, substitutions. */
export { globMatches } from './glob.ts';
export {
  containerOf,
  contains,
  deleteAt,
  type JsonPath,
  parseJsonPath,
  readSteps,
  setAt,
} from './json-path.ts';
export {
  JsonDouble,
  type JsonObject,
  type JsonStyle,
  type JsonValue,
  jsonLimits,
  parseJson,
  printJson,
} from './json-values.ts';
export { cachedPerlRegex, type PerlOptions, type PerlRegex } from './perl-regex.ts';
export { type CompiledRegex, cachedRegex, regexError } from './regex.ts';
export type { RegexOptions } from './regex-syntax.ts';
export {
  audioHold,
  type CodecTest,
  deleteCodecs,
  deleteStreams,
  hasCodec,
  hasStream,
  moveCodecs,
  type StreamTest,
  sdpDefect,
  sdpLine,
  sdpStream,
  withoutStreams,
} from './sdp.ts';
export {
  changeSdp,
  parseSdpFilter,
  readSdp,
  type SdpChange,
  type SdpFilter,
  type SdpScope,
  sdpLineIndex,
} from './sdp-lines.ts';
export { ctime, strftime } from './strftime.ts';
export {
  cachedSubstitution,
  parsePerlSubstitution,
  parseSubstitution,
  type Replacement,
  replaced,
  replacements,
  type Substitution,
  SubstitutionSyntaxError,
} from './substitution.ts';
