/**
 * Collects what each route sets and calls, and which async() and launch() lead to it, regardless of order. The passes
 * that follow the order of execution use it.
 */
import type {
  AsyncNode,
  CallNode,
  ExpressionNode,
  LaunchNode,
  RouteNode,
  ScriptNode,
  StatementNode,
  VariableNode,
} from './ast.ts';
import { bindArguments } from './bind-arguments.ts';
import { soleVariable } from './compile-calls.ts';
import { trackedName } from './flow-state.ts';
import type { ArgumentSpec } from './function-spec.ts';
import type { Lookup } from './lookup.ts';

/** An output variable of a call. */
export interface Output {
  readonly name: string;
  readonly variable: VariableNode;
  readonly spec: ArgumentSpec;
}

interface Summary {
  /** Variables that it sets. */
  readonly writes: Set<string>;
  /** Routes that it calls. */
  readonly calls: Set<string>;
  /** Whether it calls a route whose name is only known at run time. */
  callsAny: boolean;
  readonly continuations: (AsyncNode | LaunchNode)[];
}

const newSummary = (): Summary => ({
  writes: new Set(),
  calls: new Set(),
  callsAny: false,
  continuations: [],
});

/** More than any real script has; a bound for generated scripts. */
const maxNames = 100;

export class RouteSummaries<R> {
  readonly #lookup: Lookup<R>;
  readonly #summaries = new Map<RouteNode, Summary>();
  readonly #named = new Map<string, RouteNode>();
  readonly #firstWrites = new Map<string, VariableNode>();
  readonly #reach = new Map<RouteNode, ReadonlySet<string> | 'any'>();
  /** By the name of the resume or report route. */
  readonly continuations = new Map<string, (AsyncNode | LaunchNode)[]>();
  /** Names of routes that are called. */
  readonly called = new Set<string>();

  constructor(script: ScriptNode, lookup: Lookup<R>) {
    this.#lookup = lookup;
    for (const route of script.routes)
      if (route.routeKind === 'route' && route.name !== null) this.#named.set(route.name.text, route);
    for (const route of script.routes) {
      const summary = newSummary();
      this.#summaries.set(route, summary);
      this.#statements(route.body.statements, summary);
      for (const name of summary.calls) this.called.add(name);
      for (const node of summary.continuations) this.#continues(node);
    }
  }

  route(name: string): RouteNode | undefined {
    return this.#named.get(name);
  }

  /** The variables that a route and its callees set; `any` if unknown. */
  writesOf(route: RouteNode): ReadonlySet<string> | 'any' {
    const known = this.#reach.get(route);
    if (known !== undefined) return known;
    const writes = new Set<string>();
    const seen = new Set([route]);
    const rest = [route];
    let isAny = false;
    for (let one = rest.pop(); one !== undefined && !isAny; one = rest.pop()) {
      const summary = this.#summaries.get(one);
      if (summary === undefined) continue;
      isAny = summary.callsAny || seen.size > maxNames || writes.size > maxNames;
      for (const name of summary.writes) writes.add(name);
      for (const name of summary.calls) {
        const next = this.#named.get(name);
        if (next === undefined || seen.has(next)) continue;
        seen.add(next);
        rest.push(next);
      }
    }
    const reach = isAny ? 'any' : writes;
    this.#reach.set(route, reach);
    return reach;
  }

  /** The first position at which any route sets a variable. */
  firstWrite(name: string): VariableNode | undefined {
    return this.#firstWrites.get(name);
  }

  /** The variables that the body of a loop sets directly. */
  writesIn(body: StatementNode): ReadonlySet<string> | 'any' {
    const summary = newSummary();
    this.#statements([body], summary);
    return summary.callsAny || summary.calls.size > 0 ? 'any' : summary.writes;
  }

  /** The output variables of a call. */
  outputsOf(node: CallNode): readonly Output[] {
    const specs = this.#lookup.function(node.name.text)?.arguments ?? [];
    return bindArguments(specs, node.arguments).flatMap((argument, i) => {
      const spec = specs[i];
      if (argument === null || spec?.type !== 'variable' || spec.readOnly === true) return [];
      const variable = argument.kind === 'string' ? soleVariable(argument) : argument;
      if (variable?.kind !== 'variable') return [];
      const name = trackedName(variable);
      return name === null ? [] : [{ name, variable, spec }];
    });
  }

  #continues(node: AsyncNode | LaunchNode): void {
    const route = node.kind === 'async' ? node.resume : node.report;
    if (route === null) return;
    const known = this.continuations.get(route.text);
    if (known === undefined) this.continuations.set(route.text, [node]);
    else known.push(node);
  }

  #statements(nodes: readonly StatementNode[], summary: Summary): void {
    for (const node of nodes) this.#statement(node, summary);
  }

  #statement(node: StatementNode, summary: Summary): void {
    switch (node.kind) {
      case 'block':
        this.#statements(node.statements, summary);
        return;
      case 'if':
        this.#expression(node.condition, summary);
        this.#statement(node.then, summary);
        if (node.otherwise !== null) this.#statement(node.otherwise, summary);
        return;
      case 'while':
        this.#expression(node.condition, summary);
        this.#statement(node.body, summary);
        return;
      case 'for-each':
        this.#writes(node.variable, summary);
        this.#statement(node.body, summary);
        return;
      case 'switch':
        for (const { statements } of node.cases) this.#statements(statements, summary);
        return;
      case 'assign':
        this.#expression(node.value, summary);
        this.#writes(node.target, summary);
        return;
      case 'return':
        for (const value of node.values) this.#expression(value, summary);
        return;
      case 'assert':
        this.#expression(node.condition, summary);
        return;
      case 'call':
      case 'route-call':
      case 'async':
      case 'launch':
        this.#expression(node, summary);
        return;
      default:
    }
  }

  #writes(variable: VariableNode, summary: Summary): void {
    const name = trackedName(variable);
    if (name === null) return;
    summary.writes.add(name);
    if (!this.#firstWrites.has(name)) this.#firstWrites.set(name, variable);
  }

  #expression(node: ExpressionNode, summary: Summary): void {
    switch (node.kind) {
      case 'call':
        for (const { variable } of this.outputsOf(node)) this.#writes(variable, summary);
        return;
      case 'route-call':
        if (node.name.kind === 'name') summary.calls.add(node.name.text);
        else summary.callsAny = true;
        return;
      case 'async':
      case 'launch':
        summary.continuations.push(node);
        return;
      case 'unary':
      case 'test':
        this.#expression(node.operand, summary);
        return;
      case 'binary':
        this.#expression(node.left, summary);
        this.#expression(node.right, summary);
        return;
      default:
    }
  }
}
