/**
 * Compiles a checked syntax tree to closures. Names, transformations, regular expressions and constant strings are
 * resolved here, once; a script that did not pass the checker throws.
 */
import { type Awaitable, andThen, isPending } from '../timers/index.ts';
import type { ExpressionNode, RouteCallNode, RouteKind, RouteNode, ScriptNode } from './ast.ts';
import { type Call, CallCompiler } from './compile-calls.ts';
import { type Evaluate, ExpressionCompiler, type Matcher } from './compile-expressions.ts';
import { StatementCompiler } from './compile-statements.ts';
import { type CompiledText, compileText, compileVariable } from './compile-text.ts';
import { VariableCompiler } from './compile-variables.ts';
import { enterRoute } from './enter-route.ts';
import type { CompiledRoute, Execution, Flow, Launched } from './execution.ts';
import type { VariableReference } from './function-spec.ts';
import type { Lookup } from './lookup.ts';
import { orNull, toText } from './operators.ts';
import { counted, type Reached } from './reached.ts';
import type { Status } from './values.ts';
import { inTurn, Waits } from './waits.ts';

export interface CompileOptions<R> {
  /** Maximum number of iterations of a `while`. */
  readonly maxWhileLoops: number;
  readonly enableAsserts: boolean;
  /** For `=~` and `!~`: POSIX extended, case ignored; null for an invalid pattern. */
  readonly matcher: (pattern: string) => Matcher | null;
  /** Takes over what `launch()` has begun: its report route runs when it is done. Waits for it if it keeps the worker. */
  readonly report: (run: R, launched: Launched<R>) => Awaitable<void>;
  /** Counts what runs. Default: nothing does. */
  readonly reached?: Reached | undefined;
}

export interface CompiledScript<R> {
  readonly routes: readonly CompiledRoute<R>[];
  /** `route {}` */
  readonly main: CompiledRoute<R>;
  /** A route by kind and name; a nameless route, such as the global `onreply_route`, has the name ''. */
  find(kind: RouteKind, name: string): CompiledRoute<R> | null;
  /** The names of all functions called in its routes. */
  readonly called: ReadonlySet<string>;
  /** A text with variables that is only known at run time; null if it names something that does not exist. */
  text(source: string): CompiledText<R> | null;
  /** A variable that is only known at run time; null for any other text. */
  variable(source: string): VariableReference<R> | null;
}

/** Calls nested deeper than this end the script with a message. */
const maxRouteDepth = 100;

export function compileScript<R extends Execution<R>>(
  script: ScriptNode,
  lookup: Lookup<R>,
  options: CompileOptions<R>,
): CompiledScript<R> {
  const named = new Map<string, MutableRoute<R>>();
  const routes = script.routes.map((node): [RouteNode, MutableRoute<R>] => {
    const route = {
      kind: node.routeKind,
      name: node.name?.text ?? '',
      interval: node.interval,
      execute: unbuilt,
    };
    named.set(routeKey(route.kind, route.name), route);
    return [node, route];
  });
  const route = (name: string) => {
    const found = named.get(routeKey('route', name));
    if (found === undefined) throw new Error(`unchecked script: route[${name}]`);
    return found;
  };
  const main = route(named.has(routeKey('route', '')) ? '' : '0');
  const variables = new VariableCompiler(lookup);
  const routeOf = (name: RouteCallNode['name']): FindRoute<R> => {
    if (name.kind === 'name') {
      const found = route(name.text);
      return () => found;
    }
    const waits = new Waits<R>();
    const read = name.kind === 'variable' ? variables.read(name, waits) : variables.text(name, waits);
    return waits.before((run) => {
      const wanted = typeof read === 'string' ? read : toText(read(run));
      const found = wanted === null ? undefined : named.get(routeKey('route', wanted));
      // the main route cannot be called by a name computed at run time: it would run itself
      if (found !== undefined && found !== main) return found;
      run.complain(wanted === null ? 'route(): the name is null' : `route(): unknown route[${wanted}]`);
      return undefined;
    });
  };
  const calls = new CallCompiler(lookup, variables);
  const expressions: ExpressionCompiler<R> = new ExpressionCompiler<R>({
    variables,
    call: (node) => calls.call(node),
    routeCall: (node) => compileRouteCall(node, routeOf(node.name), (value) => expressions.value(value)),
    background: (node) => statements.statement(node),
    matcher: options.matcher,
  });
  const statements: StatementCompiler<R> = new StatementCompiler<R>({
    ...options,
    variables,
    calls,
    expressions,
    route,
  });
  for (const [node, built] of routes) {
    const execute = statements.branch(node.body.statements);
    const count = options.reached?.route(built.kind, built.name, node.span.start);
    built.execute = count === undefined ? execute : counted(count, execute);
  }
  return {
    routes: routes.map(([, built]) => built),
    main,
    find: (kind, name) => named.get(routeKey(kind, name)) ?? null,
    called: calls.called,
    text: compileText(variables),
    variable: compileVariable(variables),
  };
}

const routeKey = (kind: RouteKind, name: string) => `${kind} ${name}`;

type MutableRoute<R> = { -readonly [K in keyof CompiledRoute<R>]: CompiledRoute<R>[K] };

const unbuilt = () => {
  throw new Error('a route ran before it was compiled');
};

/** The route named by a call; undefined, which has been logged, if a name computed at run time does not exist. */
type FindRoute<R> = (run: R) => Awaitable<CompiledRoute<R> | undefined>;

function compileRouteCall<R extends Execution<R>>(
  node: RouteCallNode,
  find: FindRoute<R>,
  compile: (node: ExpressionNode) => Evaluate<R>,
): Call<R> {
  // a string given to route() is not a format string (vector lang-route-params)
  const readers = node.arguments.map(compile);
  const enter = (run: R, route: CompiledRoute<R> | undefined): Awaitable<Status> => {
    if (route === undefined) {
      run.status = -1;
      return -1;
    }
    const depth = (run.frame?.depth ?? 0) + 1;
    if (depth > maxRouteDepth) {
      run.complain(`route(${route.name}): routes are nested deeper than ${maxRouteDepth}`);
      run.status = -1;
      run.stopped = true;
      return -1;
    }
    if (--run.steps < 0 && run.isOverTime()) return -1;
    if (readers.length === 0) return statusOf(run, enterRoute(run, route));
    return andThen(inTurn(readers, run), (parameters) =>
      statusOf(run, enterRoute(run, route, parameters.map(orNull))),
    );
  };
  return (run) => {
    const route = find(run);
    return isPending(route) ? route.then((found) => enter(run, found)) : enter(run, route);
  };
}

function statusOf<R extends Execution<R>>(run: R, outcome: Awaitable<Flow>): Awaitable<Status> {
  return isPending(outcome) ? outcome.then(() => run.status) : run.status;
}
