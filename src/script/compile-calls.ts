/** Function calls as closures: each argument becomes a reader of the type in the function's row. */
import type { Awaitable } from '../timers/index.ts';
import type { CallNode, ExpressionNode } from './ast.ts';
import { bindArguments } from './bind-arguments.ts';
import type { Read, VariableCompiler } from './compile-variables.ts';
import type { Execution } from './execution.ts';
import type {
  ArgumentSpec,
  AsyncFunctionSpec,
  Completion,
  FunctionSpec,
  Invocation,
} from './function-spec.ts';
import { breakComplaint, breaksHeaders, headerArgument } from './header-argument.ts';
import { logLevel } from './log-levels.ts';
import type { Lookup } from './lookup.ts';
import { toInteger, toText } from './operators.ts';
import { template, variableText } from './template.ts';
import type { Status } from './values.ts';
import { Waits } from './waits.ts';

/** Result of a reader whose value is unusable: the call is skipped. */
const unusable = Symbol('unusable');
type Reader<R> = (run: R) => unknown;

/** Calls the function; returns a promise only if the function does. */
export type Call<R> = (run: R) => Awaitable<Status>;
export type Start<R> = (invocation: Invocation<R>) => Awaitable<Completion<R>> | null;

export class CallCompiler<R extends Execution<R>> {
  readonly #lookup: Lookup<R>;
  readonly #variables: VariableCompiler<R>;
  /** The names of the compiled functions, as spelled in their rows. */
  readonly called = new Set<string>();

  constructor(lookup: Lookup<R>, variables: VariableCompiler<R>) {
    this.#lookup = lookup;
    this.#variables = variables;
  }

  spec(node: CallNode): FunctionSpec<R> {
    const spec = this.#lookup.function(node.name.text);
    if (spec === undefined) throw new Error(`unchecked script: ${node.name.text}()`);
    this.called.add(spec.name);
    return spec;
  }

  call(node: CallNode): Call<R> {
    const spec = this.spec(node);
    if (spec.routes === undefined || spec.routes.includes('onreply_route')) return this.#called(node, spec);
    // a reply route may get here through route() or async()
    const call = this.#called(node, spec);
    return (run) => {
      if (!run.isAboutReply) return call(run);
      run.complain(`${node.name.text}() works on requests only, but this route runs on a reply`);
      return -1;
    };
  }

  #called(node: CallNode, spec: FunctionSpec<R>): Call<R> {
    if (spec.start !== undefined) return this.#blocking(node, spec);
    const invoke = spec.run;
    const waits = new Waits<R>();
    const readers = this.#readers(node, spec, waits);
    const [first, second] = readers;
    if (first === undefined) return (run) => invoke(run);
    if (second === undefined) {
      return waits.before((run) => {
        const value = first(run);
        return value === unusable ? -1 : invoke(run, value);
      });
    }
    return waits.before((run) => {
      const values = evaluate(readers, run);
      return values === null ? -1 : invoke(run, ...values);
    });
  }

  /** `waits` runs before it starts. */
  start(node: CallNode, spec: AsyncFunctionSpec<R>, waits: Waits<R>): Start<R> {
    const readers = this.#readers(node, spec, waits);
    return (invocation) => {
      const values = evaluate(readers, invocation.run);
      return values === null ? null : spec.start(invocation, ...values);
    };
  }

  #blocking(node: CallNode, spec: AsyncFunctionSpec<R>): Call<R> {
    const waits = new Waits<R>();
    const start = this.start(node, spec, waits);
    return waits.before((run) => {
      const completion = start({ run, mode: 'blocking', background: false, timeout: null });
      if (completion === null) return -1;
      if (typeof completion === 'function') return completion(run);
      return completion.then((complete) => complete(run));
    });
  }

  #readers(node: CallNode, spec: FunctionSpec<R>, waits: Waits<R>): Reader<R>[] {
    const bound = bindArguments(spec.arguments, node.arguments);
    const readers = spec.arguments.map((argument, i) =>
      this.#reader(argument, bound[i] ?? null, node.name.text, waits),
    );
    while (readers.length > 0 && (bound[readers.length - 1] ?? null) === null) readers.pop();
    return readers;
  }

  #reader(spec: ArgumentSpec, node: ExpressionNode | null, name: string, waits: Waits<R>): Reader<R> {
    if (node === null) return () => undefined;
    switch (spec.type) {
      case 'static':
      case 'route': {
        const text = node.kind === 'string' ? node.value : node.kind === 'number' ? String(node.value) : '';
        return () => text;
      }
      case 'raw': {
        const text = node.kind === 'variable' ? variableText(node) : node.kind === 'string' ? node.value : '';
        return () => text;
      }
      case 'variable': {
        const variable = node.kind === 'string' ? soleVariable(node) : node;
        if (variable?.kind !== 'variable') throw new Error(`unchecked script: ${name}()`);
        const reference = this.#variables.reference(variable, `$${variable.name.text}`, waits);
        return () => reference;
      }
      case 'value':
        return this.#value(node, waits);
      case 'level':
      case 'int': {
        const convert = spec.type === 'level' ? logLevel : toInteger;
        const constant = node.kind === 'string' ? soleVariable(node) : node;
        if (constant === null && node.kind === 'string') {
          const level = convert(node.value);
          return () => level ?? unusable;
        }
        const read = this.#value(constant ?? node, waits);
        return this.#valid(spec, name, 'not a number', (run) => convert(read(run)));
      }
      case 'string':
      case 'regex':
      case 'substitution': {
        if (node.kind === 'number') {
          const text = String(node.value); // `t_relay(0x02)`
          return () => text;
        }
        if (spec.intoHeaders === true && node.kind === 'string' && node.value.includes('$')) {
          const text = headerArgument(node, name, this.#variables, waits);
          return (run) => text(run) ?? unusable;
        }
        if (node.kind !== 'variable') return this.#value(node, waits);
        const read = this.#variables.print(node, waits);
        const text = this.#valid(spec, name, 'null', (run) => toText(read(run)));
        return spec.intoHeaders === true ? whole(text, name, variableText(node)) : text;
      }
    }
  }

  /** A variable without a usable value fails the call, even for an optional argument. */
  #valid(spec: ArgumentSpec, name: string, what: string, read: Reader<R>): Reader<R> {
    return (run) => {
      const value = read(run);
      if (value !== null) return value;
      run.complain(`${name}(): the argument "${spec.name}" is ${what}`);
      return unusable;
    };
  }

  #value(node: ExpressionNode, waits: Waits<R>): Read<R> {
    switch (node.kind) {
      case 'number':
        return () => node.value;
      case 'null':
        return () => null;
      case 'variable':
        return this.#variables.read(node, waits);
      case 'string': {
        const text = this.#variables.text(node, waits);
        return typeof text === 'string' ? () => text : text;
      }
      case 'unary':
        if (node.operator === '-' && node.operand.kind === 'number') {
          const value = -node.operand.value | 0;
          return () => value;
        }
        break;
      default:
    }
    throw new Error(`unchecked script: an argument of kind ${node.kind}`);
  }
}

/** The value of a variable that goes into headers. */
function whole<R extends Execution<R>>(read: Reader<R>, name: string, variable: string): Reader<R> {
  return (run) => {
    const value = read(run);
    if (typeof value !== 'string' || !breaksHeaders(value, true)) return value;
    run.complain(breakComplaint(name, variable));
    return unusable;
  };
}

/** `"$var(body)"`, as older scripts quote variables; null for any other string. */
export function soleVariable(node: Extract<ExpressionNode, { kind: 'string' }>) {
  if (!node.value.startsWith('$')) return null;
  const { parts } = template(node);
  const [part] = parts;
  return parts.length === 1 && part?.kind === 'variable' ? part : null;
}

function evaluate<R>(readers: readonly Reader<R>[], run: R): unknown[] | null {
  const values = new Array<unknown>(readers.length);
  for (let i = 0; i < readers.length; i++) {
    values[i] = readers[i]?.(run);
    if (values[i] === unusable) return null;
  }
  return values;
}
