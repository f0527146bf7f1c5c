/**
 * Files of rules, as hosts.allow: each line names who may call whom, `"^sip:alice@" : "^sip:1" EXCEPT "^sip:19"`, by
 * regular expressions that ignore case; `ALL` is everybody, `#` begins a comment.
 */
import { FileError, readRegularFile } from '../../files/index.ts';
import { type Routing, StateKey } from '../../runtime/index.ts';
import { type CompiledRegex, cachedRegex } from '../../text/index.ts';
import { beside } from '../text-table.ts';

/** Null stands for `ALL`. */
type Expressions = readonly CompiledRegex[] | null;

interface Side {
  readonly all: Expressions;
  readonly except: Expressions | undefined;
}

interface Rule {
  readonly caller: Side;
  readonly called: Side;
}

const list = String.raw`ALL|"[^"]*"(?:\s*,\s*"[^"]*")*`;
const side = String.raw`(${list})(?:\s*EXCEPT\s*(${list}))?`;
const line = new RegExp(String.raw`^${side}\s*:\s*${side}\s*(?:#.*)?$`);

function expressions(text: string): Expressions {
  if (text === 'ALL') return null;
  return [...text.matchAll(/"([^"]*)"/g)].map(([, pattern = '']) => {
    const regex = cachedRegex(pattern, { ignoreCase: true });
    if (regex === null) throw new Error(`invalid regular expression "${pattern}"`);
    return regex;
  });
}

const sideOf = (all: string, except: string | undefined): Side => ({
  all: expressions(all),
  except: except === undefined ? undefined : expressions(except),
});

function ruleOf(text: string): Rule {
  const [, caller = '', exceptCaller, called = '', exceptCalled] = line.exec(text) ?? [];
  if (caller === '') throw new Error('expected a rule such as ALL : "^sip:1" EXCEPT "^sip:19"');
  return { caller: sideOf(caller, exceptCaller), called: sideOf(called, exceptCalled) };
}

const inList = (wanted: Expressions, uri: string) => wanted === null || wanted.some((one) => one.test(uri));
const onSide = ({ all, except }: Side, uri: string) =>
  inList(all, uri) && (except === undefined || !inList(except, uri));

/** More files are forgotten: their names may come from messages. */
const mostFiles = 1000;

/** Files that were read, by path. They are read once, and again after a reload of the script. */
const files = new StateKey<Routing, Map<string, readonly Rule[]>>('permissions rules', () => new Map());

const isMissing = (error: FileError) =>
  ['ENOENT', 'ENOTDIR'].includes((error.cause as NodeJS.ErrnoException | undefined)?.code ?? '');

/** The rules of a file; none if it does not exist. Lines that cannot be read are left out. Throws a {@link FileError}. */
function rulesOf(routing: Routing, name: string): readonly Rule[] {
  const path = beside(routing, name);
  const known = routing.states.get(files);
  const kept = known.get(path);
  if (kept !== undefined) return kept;
  const rules = textOf(path)
    .split(/\r?\n/)
    .flatMap((written, i) => {
      const text = written.trim();
      if (text === '' || text.startsWith('#')) return [];
      try {
        return [ruleOf(text)];
      } catch (error) {
        routing.log.warning(`permissions: ${path}:${i + 1} was left out: ${(error as Error).message}`);
        return [];
      }
    });
  if (known.size >= mostFiles) known.clear();
  known.set(path, rules);
  return rules;
}

function textOf(path: string): string {
  try {
    return readRegularFile(path).toString('latin1');
  } catch (error) {
    if (error instanceof FileError && isMissing(error)) return '';
    throw error;
  }
}

/** The names of two files of rules. */
export interface RuleFiles {
  readonly allow: string;
  readonly deny: string;
}

/** Whether every pair of a caller and a called URI is in the file that allows, or not in the one that denies. */
export function isAllowed(
  routing: Routing,
  { allow, deny }: RuleFiles,
  caller: string,
  uris: readonly string[],
): boolean {
  try {
    const [allowing, denying] = [rulesOf(routing, allow), rulesOf(routing, deny)];
    return uris.every((uri) => {
      const isIn = (rule: Rule) => onSide(rule.caller, caller) && onSide(rule.called, uri);
      return allowing.some(isIn) || !denying.some(isIn);
    });
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    routing.log.warning(
      `permissions: ${allow} or ${deny} cannot be read, so nothing is allowed: ${error.message}`,
    );
    return false;
  }
}
