/** The routes of a script by kind and name. */

import { didYouMean } from '../spelling/index.ts';
import { type NameNode, type RouteKind, type RouteNode, routeKinds, type ScriptNode } from './ast.ts';
import type { Catalog } from './catalog.ts';
import type { DiagnosticList } from './diagnostics.ts';
import type { ModuleSpec } from './module-spec.ts';

/** `route {}` and `route[0] {}`: where every request starts. */
function isMain(node: RouteNode): boolean {
  return node.routeKind === 'route' && (node.name === null || node.name.text === '0');
}

export class RouteTable {
  readonly #byKind = new Map<RouteKind, Map<string, RouteNode>>(routeKinds.map((kind) => [kind, new Map()]));
  /** Whether routes may be missing from the tree because of errors in the text. */
  readonly #incomplete: boolean;
  readonly #events = new Set<string>();
  #anyEvent = false;

  constructor(script: ScriptNode, incomplete: boolean, diagnostics: DiagnosticList) {
    this.#incomplete = incomplete;
    let main: RouteNode | null = null;
    for (const node of script.routes) {
      const table = this.#of(node.routeKind);
      const name = node.name?.text ?? '';
      const earlier = isMain(node) ? main : (table.get(name) ?? null);
      if (earlier === null) {
        table.set(name, node);
        if (isMain(node)) main = node;
      } else {
        const message = `${title(node)} is defined twice`;
        const labels = [{ span: earlier.head, message: 'first defined here' }];
        diagnostics.error('duplicate-route', node.head, message, { labels });
      }
    }
    if (main === null && !incomplete) {
      const help = 'every request starts in: route { ... }';
      diagnostics.error('no-main-route', { start: 0, end: 0 }, 'the script has no main route', { help });
    }
  }

  /** Reports a reference to a route that does not exist. */
  require(name: NameNode, kind: RouteKind, diagnostics: DiagnosticList): boolean {
    const table = this.#of(kind);
    if (table.has(name.text) || this.#incomplete) return true;
    const message = `unknown ${kind}[${name.text}]`;
    const near = didYouMean(name.text, [...table.keys()].filter(Boolean), (one) => `${kind}[${one}]`);
    const other = routeKinds.find((one) => one !== kind && this.#of(one).has(name.text));
    const help =
      near ?? (other === undefined ? undefined : `${other}[${name.text}] is a route of another kind`);
    diagnostics.error('unknown-route', name.span, message, help === undefined ? {} : { help });
    return false;
  }

  /** Records that the script raises an event of this name; null if the name is only known at run time. */
  raises(event: string | null): void {
    if (event === null) this.#anyEvent = true;
    else this.#events.add(event);
  }

  /** The events of event_routes that no loaded module and no raise_event() with a fixed name raises. */
  silentEvents(): readonly string[] {
    return [...this.#of('event_route').keys()].filter((name) => !this.#events.has(name));
  }

  /** Warns about event_routes whose event nothing raises: they never run. */
  warnOfSilentEvents<R>({ modules }: Catalog<R>, diagnostics: DiagnosticList): void {
    if (this.#anyEvent || this.#incomplete) return;
    const nodes = this.#of('event_route');
    for (const name of this.silentEvents()) {
      const node = nodes.get(name) as RouteNode;
      const message = `${title(node)} never runs: no loaded module and no raise_event() raises this event`;
      const owner = modules.find(({ events }) => events?.some((event) => event.name === name));
      const help = owner === undefined ? {} : { help: `add: loadmodule "${owner.name}.so"` };
      diagnostics.warning('inert', node.head, message, help);
    }
  }

  #of(kind: RouteKind): Map<string, RouteNode> {
    return this.#byKind.get(kind) as Map<string, RouteNode>;
  }
}

/** Module parameters that name a route, such as tm's local_reply_route. */
export function checkParameterRoutes<R>(
  script: ScriptNode,
  modules: readonly ModuleSpec<R>[],
  routes: RouteTable,
  diagnostics: DiagnosticList,
): void {
  for (const { modules: names, name, value } of script.moduleParameters) {
    const module = modules.find((one) => names.text.split('|').includes(one.name));
    const kind = module?.parameters?.find((one) => one.name === name.text)?.routeKind;
    if (kind === undefined) continue;
    routes.require({ kind: 'name', text: String(value.value), span: value.span }, kind, diagnostics);
  }
}

export function warnOfInertRoutes<R>(
  script: ScriptNode,
  catalog: Catalog<R>,
  diagnostics: DiagnosticList,
): void {
  for (const node of script.routes) {
    if (!catalog.inertRouteKinds.includes(node.routeKind)) continue;
    diagnostics.warning('inert', node.head, `${title(node)} is accepted, but does not run yet`);
  }
}

function title(node: RouteNode): string {
  return node.name === null
    ? node.routeKind === 'route'
      ? 'the main route'
      : node.routeKind
    : `${node.routeKind}[${node.name.text}]`;
}
