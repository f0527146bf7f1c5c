/** WWW-Authenticate (RFC 9110, section 11.6.1): challenges, each with a scheme and parameters. */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By name in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const PARAMETER =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+\-.^_`|~0-9A-Za-z]+))/y;
const SEPARATOR = /[ \t,]*/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const MAX_CHALLENGES = 20;
const MAX_PARAMETERS = 100;
const LONGEST = 16_384;

/** Those of one field; what cannot be read ends the list. */
export function parseChallenges(text: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  if (text.length > LONGEST) return [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (let count = 0; count < MAX_PARAMETERS; count++) {
    match(SEPARATOR);
    if (at >= text.length) break;
    const last = challenges.at(-1);
    const parameter = last === undefined ? null : match(PARAMETER);
    if (last !== undefined && parameter !== null) {
      const [, name = '', quoted, token = ''] = parameter;
      const key = name.toLowerCase();
      if (!last.parameters.has(key)) last.parameters.set(key, quoted?.replace(/\\(.)/g, '$1') ?? token);
      continue;
    }
    const scheme = match(TOKEN);
    if (scheme === null || challenges.length >= MAX_CHALLENGES) break;
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters: new Map() });
    match(SEPARATOR);
    const before = at;
    // a parameter looks like a token68 up to its "="
    if (match(PARAMETER) === null) match(TOKEN68);
    else at = before;
  }
  return challenges;
}
