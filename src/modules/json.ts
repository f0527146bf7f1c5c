/**
 * The script module `json`: JSON documents that scripts read and change by path. Source: the README of OpenSIPS' json
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

/** In a message's map, undefined means deleted by that message. */
type Documents = Map<string, JsonValue | undefined>;

/**
 * Documents belong to the worker, like `$var`. In addition, each message keeps the documents that it has set, even if
 * the worker handles other messages while an async function runs.
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

/** Maps each `get` function to its path, because `json_link` needs the place behind a variable. */
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
      'use name/key[index]/..., or [] for the end of an array',
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
      'Integers beyond 32 bits are always text. If off, they print in full but count as their low 32 bits in arithmetic.',
  },
]);

// --- variables ------------------------------------------------------------------------------------------

/** Integers, strings and null unchanged, everything else as JSON text. */
function scriptValue(run: Run, value: JsonValue | undefined, style: JsonStyle): Value {
  if (value === undefined || value === null || typeof value === 'string') return value ?? null;
  if (typeof value === 'number' || typeof value === 'bigint') return scriptInteger(run, value);
  if (value instanceof JsonDouble) return value.text;
  return printJson(value, style);
}

/**
 * An integer beyond 32 bits becomes text with `enable_long_quoting`, else its low 32 bits, since integers wrap
 * (field-json-large-integer).
 */
function scriptInteger(run: Run, value: number | bigint): Value {
  if (value === (Number(value) | 0)) return value;
  if (run.parameters(parameters).enable_long_quoting) return String(value);
  return Number(BigInt.asIntN(32, BigInt(value)));
}

const longest = 2n ** 63n - 1n;

/** Like {@link scriptValue}, but prints integers in full, up to 64 bits. */
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
        throw new InvalidUse(
          'only [*] may follow, in a for loop',
          `use $${name}(name[index]) to read an element`,
        );
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
 * `=` stores a string or integer unchanged; `:=` parses text as JSON and rejects integers. Null deletes the value.
 * Invalid JSON and the JSON text `null` also delete it, but make the assignment fail.
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

/** Makes both places share one value. Rejects a link into the value itself, which would be cyclic. */
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

/**
 * RFC 7396. Both values are private copies of this call, so the base may be changed in place. The parser limits
 * nesting.
 */
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
  summary: 'JSON documents that a script reads and changes by path.',
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
        'Makes an element share the value of another, without copying it. Returns -1 if either does not exist.',
      run: link,
    },
    {
      name: 'json_merge',
      arguments: [
        { name: 'main', type: 'variable', quoted: true, summary: 'The document.' },
        { name: 'patch', type: 'variable', quoted: true, summary: 'The patch to merge into it (RFC 7396).' },
        { name: 'output', type: 'variable', summary: 'Gets the text of the result.' },
      ],
      summary: 'Merges a patch into a document. Returns -1 if either is not valid JSON.',
      run: merge,
    },
  ],
  variables: [
    variable(
      'json',
      'spaced',
      `An element of a JSON document; \`:=\` parses text, \`=\` sets a value, NULL deletes. Up to ${jsonLimits.size} bytes.`,
    ),
    variable('json_pretty', 'pretty', 'The same, printed with one element per line.'),
    variable('json_compact', 'compact', 'The same, printed without spaces.'),
    variable(
      'json_compact_noescape',
      'compact-noescape',
      'The same, printed without spaces and with unescaped slashes.',
    ),
  ],
});
