/**
 * Warnings that depend on the order of execution: return codes read too late, `$var` carried over async(), unescaped
 * input in URLs and commands, text compared with numbers. Only for scripts without errors, and only for findings that are certain.
 */
import type {
  AssignNode,
  AsyncNode,
  CallNode,
  ExpressionNode,
  LaunchNode,
  RouteNode,
  ScriptNode,
  StatementNode,
  SwitchNode,
  TemplateNode,
  VariableNode,
} from './ast.ts';
import { bindArguments } from './bind-arguments.ts';
import { firstCall } from './check-expressions.ts';
import { soleVariable } from './compile-calls.ts';
import type { DiagnosticList } from './diagnostics.ts';
import { FlowState, met, type SetVariable, trackedName } from './flow-state.ts';
import { FlowWarnings } from './flow-warnings.ts';
import type { ArgumentSpec, ArgumentType } from './function-spec.ts';
import type { Lookup } from './lookup.ts';
import { RouteSummaries } from './route-summaries.ts';
import { template } from './template.ts';

export function checkFlow<R>(script: ScriptNode, lookup: Lookup<R>, diagnostics: DiagnosticList): void {
  const pass = new FlowPass(
    new RouteSummaries(script, lookup),
    lookup,
    new FlowWarnings(lookup, diagnostics),
  );
  for (const route of script.routes) pass.facts(route);
  for (const route of script.routes) pass.warnOfCarried(route);
}

/** A route that continues the script later, and the state of its variables then. */
interface Continuation {
  readonly node: AsyncNode | LaunchNode;
  /** The variables set before. */
  readonly before: ReadonlyMap<string, SetVariable>;
}

interface RouteFacts {
  /** Variables that it reads before setting them, each at its first read. */
  readonly unset: ReadonlyMap<string, VariableNode>;
  readonly continuations: readonly Continuation[];
}

const noFacts: RouteFacts = { unset: new Map(), continuations: [] };
/** The effects of deeper call chains count as unknown. */
const maxDepth = 50;
const maxContinuations = 100;

const expanded: ReadonlySet<ArgumentType> = new Set<ArgumentType>([
  'string',
  'value',
  'regex',
  'substitution',
  'int',
  'level',
]);

class FlowPass<R> {
  readonly #summaries: RouteSummaries<R>;
  readonly #lookup: Lookup<R>;
  readonly #warnings: FlowWarnings<R>;
  readonly #facts = new Map<RouteNode, RouteFacts>();
  /** The routes being analysed, outermost first. */
  readonly #open: RouteNode[] = [];
  // of the innermost route being analysed
  #unset = new Map<string, VariableNode>();
  #continuations: Continuation[] = [];
  /** States at each `break` of the innermost loop or switch. */
  #breaks: (FlowState | null)[] = [];

  constructor(summaries: RouteSummaries<R>, lookup: Lookup<R>, warnings: FlowWarnings<R>) {
    this.#summaries = summaries;
    this.#lookup = lookup;
    this.#warnings = warnings;
  }

  facts(route: RouteNode): RouteFacts {
    const known = this.#facts.get(route);
    if (known !== undefined) return known;
    if (this.#open.length >= maxDepth || this.#open.includes(route)) return noFacts;
    const outer = { unset: this.#unset, continuations: this.#continuations, breaks: this.#breaks };
    this.#open.push(route);
    this.#unset = new Map();
    this.#continuations = [];
    this.#breaks = [];
    this.#sequence(route.body.statements, this.#entry(route));
    const facts = { unset: this.#unset, continuations: this.#continuations };
    this.#open.pop();
    this.#unset = outer.unset;
    this.#continuations = outer.continuations;
    this.#breaks = outer.breaks;
    this.#facts.set(route, facts);
    return facts;
  }

  /** A `$var` that the route reads although it was set before the async() or launch() that leads to it. */
  warnOfCarried(route: RouteNode): void {
    for (const { node, before } of this.facts(route).continuations) {
      const next = node.kind === 'async' ? node.resume : node.report;
      const target = next === null ? undefined : this.#summaries.route(next.text);
      if (target === undefined) continue;
      const outputs = new Set(this.#summaries.outputsOf(node.call).map(({ name }) => name));
      for (const [name, read] of this.facts(target).unset) {
        const set = before.get(name);
        if (set !== undefined && name.startsWith('var(') && !outputs.has(name))
          this.#warnings.carried(read, set.at, node);
      }
    }
  }

  /** In a route reached only by async() and launch(), the output variables of their functions are set. */
  #entry({ name, routeKind }: RouteNode): FlowState {
    const state = new FlowState();
    if (routeKind !== 'route' || name === null || this.#summaries.called.has(name.text)) return state;
    const before = this.#summaries.continuations.get(name.text) ?? [];
    const [first = [], ...others] = before.map(({ call }) => this.#summaries.outputsOf(call));
    for (const { name: output, variable, spec } of first) {
      const same = others.map((outputs) => outputs.find((one) => one.name === output));
      if (same.includes(undefined)) continue;
      const isText = spec.gives === 'text' && same.every((one) => one?.spec.gives === 'text');
      state.set(output, { at: variable, isText, input: null });
    }
    return state;
  }

  // --- statements: each returns the state after it, or null if that is never reached ---

  #sequence(nodes: readonly StatementNode[], from: FlowState | null): FlowState | null {
    let state = from;
    for (const node of nodes) {
      if (state === null) return null;
      state = this.#statement(node, state);
    }
    return state;
  }

  #statement(node: StatementNode, state: FlowState): FlowState | null {
    switch (node.kind) {
      case 'block':
        return this.#sequence(node.statements, state);
      case 'if': {
        this.#expression(node.condition, state);
        const otherwise = state.copy();
        const then = this.#statement(node.then, state);
        if (node.otherwise !== null) return met(then, this.#statement(node.otherwise, otherwise));
        const span = { start: node.span.start, end: node.condition.span.end };
        otherwise.emptyCode = { span, by: 'this if, whose condition was false' };
        return met(then, otherwise);
      }
      case 'while':
        return this.#loop(node.body, state, () => this.#expression(node.condition, state));
      case 'for-each': {
        this.#read(node.list, state);
        const input = this.#warnings.inputOf(node.list, state);
        const isText = this.#warnings.isText(node.list, state);
        return this.#loop(node.body, state, () => this.#assign(node.variable, isText, input, state));
      }
      case 'switch':
        return this.#switch(node, state);
      case 'assign':
        this.#assignment(node, state);
        return state;
      case 'return':
        for (const value of node.values) this.#expression(value, state);
        return null;
      case 'exit':
      case 'drop':
        return null;
      case 'break':
        this.#breaks.push(state);
        return null;
      case 'assert':
        this.#expression(node.condition, state);
        return state;
      case 'async':
        this.#expression(node, state);
        return null;
      default:
        this.#expression(node, state);
        return state;
    }
  }

  /** The body may run any number of times. */
  #loop(body: StatementNode, state: FlowState, head: () => void): FlowState | null {
    const writes = this.#summaries.writesIn(body);
    state.forgetWrites(writes);
    const outer = this.#breaks;
    this.#breaks = [];
    head();
    const end = this.#statement(body, state.copy());
    const behind = [state, end, ...this.#breaks].reduce(met);
    this.#breaks = outer;
    return behind;
  }

  #switch(node: SwitchNode, state: FlowState): FlowState | null {
    this.#read(node.subject, state);
    const outer = this.#breaks;
    this.#breaks = [];
    let through: FlowState | null = null;
    for (const { statements } of node.cases) through = this.#sequence(statements, met(state.copy(), through));
    const hasDefault = node.cases.some(({ value }) => value === null);
    const behind = [through, hasDefault ? null : state, ...this.#breaks].reduce(met);
    this.#breaks = outer;
    return behind;
  }

  #assignment({ target, operator, value, span }: AssignNode, state: FlowState): void {
    this.#expression(value, state);
    const isPlain = operator === '=' || operator === ':=';
    if (!isPlain) this.#read(target, state);
    const isText = this.#warnings.isText(value, state) && (isPlain || this.#warnings.isText(target, state));
    const input =
      this.#warnings.inputOf(value, state) ?? (isPlain ? null : this.#warnings.inputOf(target, state));
    this.#assign(target, isText, input, state);
    // `$rc` is -1 if the expression has no value or the variable rejects it
    const mayFail =
      !isPlain || value.kind === 'binary' || value.kind === 'unary' || trackedName(target) === null;
    state.emptyCode = mayFail ? null : { span, by: 'this assignment' };
  }

  #assign(target: VariableNode, isText: boolean, input: VariableNode | null, state: FlowState): void {
    const name = trackedName(target);
    if (name === null) this.#parts(target, state);
    else state.set(name, { at: target, isText, input });
  }

  // --- expressions: they change the state ---

  #expression(node: ExpressionNode, state: FlowState): void {
    switch (node.kind) {
      case 'variable':
        this.#read(node, state);
        return;
      case 'unary':
      case 'test':
        this.#expression(node.operand, state);
        return;
      case 'binary': {
        this.#expression(node.left, state);
        if ((node.operator === '&&' || node.operator === '||') && firstCall(node.right) !== null) {
          // the right side may not be evaluated
          const { emptyCode } = state;
          this.#expression(node.right, state);
          if (state.emptyCode !== emptyCode) state.emptyCode = null;
          return;
        }
        this.#expression(node.right, state);
        this.#warnings.compared(node, state);
        return;
      }
      case 'call':
        this.#call(node, state);
        return;
      case 'route-call':
        if (node.name.kind === 'variable') this.#read(node.name, state);
        for (const argument of node.arguments) this.#text(argument, state);
        this.#routeCall(node.name.kind === 'name' ? this.#summaries.route(node.name.text) : undefined, state);
        return;
      case 'async':
      case 'launch':
        this.#arguments(node.call, state);
        if (node.kind === 'async' && node.timeout !== null) this.#text(node.timeout, state);
        if (node.kind === 'launch' && node.parameter !== null) this.#text(node.parameter, state);
        this.#continues({ node, before: new Map(state.variables) });
        state.emptyCode = node.kind === 'launch' ? { span: node.span, by: 'launch()' } : null;
        return;
      default:
    }
  }

  #call(node: CallNode, state: FlowState): void {
    this.#arguments(node, state);
    state.forgetAvps();
    for (const { name, variable, spec } of this.#summaries.outputsOf(node))
      state.set(name, { at: variable, isText: spec.gives === 'text', input: null });
    const { name, span } = node;
    const isEmpty = this.#lookup.function(name.text)?.alwaysTrue === true;
    state.emptyCode = isEmpty ? { span, by: `${name.text}()` } : null;
  }

  #arguments(node: CallNode, state: FlowState): void {
    const specs = this.#lookup.function(node.name.text)?.arguments ?? [];
    for (const [i, argument] of bindArguments(specs, node.arguments).entries()) {
      const spec = specs[i];
      if (argument !== null && spec !== undefined) this.#argument(argument, spec, state);
    }
  }

  #argument(node: ExpressionNode, spec: ArgumentSpec, state: FlowState): void {
    if (spec.type === 'variable') {
      const variable = node.kind === 'string' ? soleVariable(node) : node;
      if (variable?.kind !== 'variable') return;
      if (spec.readOnly === true || trackedName(variable) === null) this.#parts(variable, state);
    } else if (expanded.has(spec.type)) {
      this.#text(node, state);
      if (spec.isUrl === true) this.#warnings.url(node, state);
      if (spec.isCommand === true) this.#warnings.command(node, state);
      if (spec.isQuery === true) this.#warnings.query(node, state);
    }
  }

  #routeCall(route: RouteNode | undefined, state: FlowState): void {
    const writes = route === undefined ? 'any' : this.#summaries.writesOf(route);
    if (route !== undefined) {
      const { unset, continuations } = this.facts(route);
      for (const [name, node] of unset) this.#unsetRead(name, node, state);
      for (const { node, before } of continuations)
        this.#continues({ node, before: new Map([...state.variables, ...before]) });
    }
    state.forgetWrites(writes);
    if (writes === 'any') return;
    // the call may have set them
    for (const name of writes) {
      const at = this.#summaries.firstWrite(name);
      if (at !== undefined && !state.variables.has(name)) state.set(name, { at, isText: false, input: null });
    }
  }

  #continues(continuation: Continuation): void {
    if (this.#continuations.length < maxContinuations) this.#continuations.push(continuation);
  }

  // --- reads ---

  /** Reads a value, expanding the variables in strings. */
  #text(node: ExpressionNode, state: FlowState): void {
    if (node.kind === 'string') this.#template(template(node), state);
    else this.#expression(node, state);
  }

  #template({ parts }: TemplateNode, state: FlowState): void {
    for (const part of parts) if (part.kind === 'variable') this.#read(part, state);
  }

  #read(node: VariableNode, state: FlowState): void {
    this.#parts(node, state);
    const name = trackedName(node);
    if (name !== null) this.#unsetRead(name, node, state);
    this.#warnings.read(node, state);
  }

  #unsetRead(name: string, node: VariableNode, state: FlowState): void {
    if (!state.variables.has(name) && !this.#unset.has(name)) this.#unset.set(name, node);
  }

  /** The variables within a variable. */
  #parts({ subname, index, transformations }: VariableNode, state: FlowState): void {
    if (subname !== null) this.#template(subname, state);
    if (index?.kind === 'index-variable') this.#read(index.value, state);
    for (const { argument } of transformations) if (argument !== null) this.#template(argument, state);
  }
}
