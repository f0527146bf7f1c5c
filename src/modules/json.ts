/**
 * The script module `json`: documents that are read and changed by paths. Source: the README of OpenSIPS' json
 * module; vectors trans-json-*, rest-post-built-json, lang-for-each-json.
 */

import {
  defineModule,
  defineVariable,
  type Request,
  type Run,
  StateKey,
  type Worker,
} from '../runtime/index.ts';
import {
  defineParameters,
  InvalidUse,
  type RuledUse,
  type Status,
  type Value,
  type VariableAccess,
  type VariableReference,
} from '../script/index.ts';
import {
  containerOf,
  contains,
  deleteAt,
  JsonDouble,
  type JsonObject,
  type JsonPath,
  type JsonStyle,
  type JsonValue,
  jsonLimits,
  parseJson,
  parseJsonPath,
  printJson,
  readSteps,
  setAt,
} from '../text/index.ts';

/** Undefined within the map of a message: deleted there. */
type Documents = Map<string, JsonValue | undefined>;

/**
 * Documents live on with their worker, like `$var`. A message also finds those again that it has set itself,
 * whatever other messages the worker had while an async function ran.
 */
const ofMessage = new StateKey<Request, Documents>('json', () => new Map());
const ofWorker = new StateKey<Worker, Documents>('json', () => new Map());

function documentOf(run: Run, name: string): JsonValue | undefined {
  const own = run.state(ofMessage);
  return own.has(name) ? own.get(name) : run.worker.states.get(ofWorker).get(name);
}

function setDocument(run: Run, name: string, value: JsonValue | undefined): void {
  run.state(ofMessage).set(name, value);
  const shared = run.worker.states.get(ofWorker);
  if (value === undefined) shared.delete(name);
  else shared.set(name, value);
}

// --- paths ----------------------------------------------------------------------------------------------

/** Of each `get` that this module has given out: `json_link` has to get at the place behind a variable. */
const pathOf = new WeakMap<VariableAccess<Run>['get'], (run: Run) => JsonPath | null>();

const cacheSize = 512;
const dynamicPaths = new Map<string, JsonPath | null>();

function cachedPath(text: string): JsonPath | null {
  let path = dynamicPaths.get(text);
  if (path === undefined) {
    if (dynamicPaths.size >= cacheSize) dynamicPaths.clear();
    path = parseJsonPath(text);
    dynamicPaths.set(text, path);
  }
  return path;
}

function pathReader({ subname }: RuledUse<Run, 'required'>): (run: Run) => JsonPath | null {
  if (typeof subname === 'function') return (run) => cachedPath(subname(run));
  const path = parseJsonPath(subname);
  if (path === null) {
    throw new InvalidUse(
      `invalid path "${subname}" into a JSON document`,
      'name/key[index]/..., [] for the end of an array',
    );
  }
  return () => path;
}

const parameters = defineParameters([
  {
    name: 'enable_long_quoting',
    type: 'boolean',
    default: false,
    summary:
      'Integers beyond 32 bits are always text; without it they keep all digits as text, and are their low 32 bits as a number.',
  },
]);

// --- variables ------------------------------------------------------------------------------------------

/** Integers and strings as they are, null as null, all else as its text. */
function scriptValue(run: Run, value: JsonValue | undefined, style: JsonStyle): Value {
  if (value === undefined || value === null || typeof value === 'string') return value ?? null;
  if (typeof value === 'number' || typeof value === 'bigint') return scriptInteger(run, value);
  if (value instanceof JsonDouble) return value.text;
  return printJson(value, style);
}

/** One beyond 32 bits is its text with `enable_long_quoting`; else its low 32 bits, as integers wrap (field-json-large-integer). */
function scriptInteger(run: Run, value: number | bigint): Value {
  if (value === (Number(value) | 0)) return value;
  if (run.parameters(parameters).enable_long_quoting) return String(value);
  return Number(BigInt.asIntN(32, BigInt(value)));
}

const longest = 2n ** 63n - 1n;

/** As {@link scriptValue}; an integer has all its digits, as far as 64 bits hold it. */
function scriptText(value: JsonValue | undefined, style: JsonStyle): string | null {
  if (value === undefined || value === null || typeof value === 'string') return value ?? null;
  if (typeof value === 'bigint') return String(value > longest ? longest : value);
  if (typeof value === 'number') return String(value);
  if (value instanceof JsonDouble) return value.text;
  return printJson(value, style);
}

function variable(name: string, style: JsonStyle, summary: string) {
  return defineVariable({
    name,
    subname: 'required',
    indexed: true,
    writable: true,
    summary,
    source: 'modules/json',
    resolve: (use) => {
      if (use.index !== null && use.index !== 'all') {
        throw new InvalidUse('only [*] may follow, in a for loop', `$${name}(name[index]) reads an element`);
      }
      const pathIn = pathReader(use);
      const read = (run: Run) => {
        const path = pathIn(run);
        return path === null ? null : readSteps(documentOf(run, path.name), path.steps);
      };
      const isAll = use.index === 'all';
      const get = (run: Run) => (isAll ? null : scriptValue(run, read(run), style));
      pathOf.set(get, pathIn);
      return {
        get,
        text: (run) => (isAll ? null : scriptText(read(run), style)),
        set: (run, value, operator) => assign(run, pathIn(run), value, operator),
        list: (run) => list(run, pathIn(run), style),
      };
    },
  });
}

function list(run: Run, path: JsonPath | null, style: JsonStyle): readonly Value[] {
  const value = path === null ? undefined : readSteps(documentOf(run, path.name), path.steps);
  if (!(value instanceof Map || Array.isArray(value))) return [];
  if (path?.iterate === 'keys') return value instanceof Map ? [...value.keys()] : [];
  return Array.from(value.values(), (element) => scriptValue(run, element, style));
}

/**
 * `=` takes a string or integer as it is, `:=` takes text as JSON and refuses an integer. Null deletes; so does text that
 * is not JSON, or that is JSON's null, and the assignment fails.
 */
function assign(run: Run, path: JsonPath | null, value: Value, operator: '=' | ':='): boolean {
  if (path === null) return false;
  if (value === null) return remove(run, path);
  if (operator === '=') return place(run, path, value);
  if (typeof value === 'number') return false;
  const parsed = parseJson(value);
  if (parsed === undefined || parsed === null) {
    remove(run, path);
    return false;
  }
  return place(run, path, parsed);
}

function place(run: Run, { name, steps }: JsonPath, value: JsonValue): boolean {
  const last = steps.at(-1);
  if (last === undefined) {
    setDocument(run, name, value);
    return true;
  }
  const container = containerOf(documentOf(run, name), steps);
  return container !== undefined && setAt(container, last, value);
}

function remove(run: Run, { name, steps }: JsonPath): boolean {
  const last = steps.at(-1);
  if (last === undefined) {
    setDocument(run, name, undefined);
    return true;
  }
  const container = containerOf(documentOf(run, name), steps);
  return container !== undefined && deleteAt(container, last);
}

// --- functions ------------------------------------------------------------------------------------------

/** Both places hold the same value from then on. A link into the value itself is refused: it would have no end. */
function link(run: Run, target: VariableReference<Run>, source: VariableReference<Run>): Status {
  const to = pathOf.get(target.get)?.(run);
  const from = pathOf.get(source.get)?.(run);
  if (!to || !from) {
    run.complain(`json_link(): ${to ? source.text : target.text} is not a $json variable`);
    return -1;
  }
  const value = readSteps(documentOf(run, from.name), from.steps);
  if (value === undefined) return -1;
  const container = to.steps.length > 0 ? containerOf(documentOf(run, to.name), to.steps) : undefined;
  if (container !== undefined && contains(value, container)) {
    run.complain(`json_link(): ${source.text} already contains ${target.text}; a link would be cyclic`);
    return -1;
  }
  return place(run, to, value) ? 1 : -1;
}

function merge(
  run: Run,
  main: VariableReference<Run>,
  patch: VariableReference<Run>,
  output: VariableReference<Run>,
): Status {
  const documents = [main, patch].map((reference) => {
    const value = reference.get(run);
    return value === null ? undefined : parseJson(String(value));
  });
  const [base, changes] = documents;
  if (base === undefined || changes === undefined) return -1;
  const text = printJson(mergePatch(base, changes), 'compact');
  return text !== null && output.set(run, text) ? 1 : -1;
}

/** RFC 7396; both are this call's own, so that the base is changed in place. Nesting is bounded by the parser. */
function mergePatch(base: JsonValue, changes: JsonValue): JsonValue {
  if (!(changes instanceof Map)) return changes;
  const merged: JsonObject = base instanceof Map ? base : new Map();
  for (const [key, value] of changes) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key) ?? null, value));
  }
  return merged;
}

export const jsonModule = defineModule({
  name: 'json',
  summary: 'JSON documents that a script reads and changes by paths.',
  source: 'modules/json',
  parameters,
  functions: [
    {
      name: 'json_link',
      arguments: [
        {
          name: 'destination',
          type: 'variable',
          summary: 'The `$json` element to link.',
        },
        { name: 'source', type: 'variable', summary: 'The `$json` element that holds the value.' },
      ],
      summary:
        'Links an element to the value of another, without a copy. Returns -1 without such an element or value.',
      run: link,
    },
    {
      name: 'json_merge',
      arguments: [
        { name: 'main', type: 'variable', quoted: true, summary: 'The document.' },
        { name: 'patch', type: 'variable', quoted: true, summary: 'What is merged into it (RFC 7396).' },
        { name: 'output', type: 'variable', summary: 'Gets the text of the result.' },
      ],
      summary: 'Merges one document into another. Returns -1 if one of them is not JSON.',
      run: merge,
    },
  ],
  variables: [
    variable(
      'json',
      'spaced',
      `A place in a JSON document; \`:=\` parses, \`=\` sets, NULL deletes. Up to ${jsonLimits.size} bytes.`,
    ),
    variable('json_pretty', 'pretty', 'The same, printed with one element on a line.'),
    variable('json_compact', 'compact', 'The same, printed without spaces.'),
    variable(
      'json_compact_noescape',
      'compact-noescape',
      'The same, printed without spaces and with slashes as they are.',
    ),
  ],
});
