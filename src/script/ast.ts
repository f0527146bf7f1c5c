/**
 * The syntax tree of a routing script: read-only data, each node with a `kind` and the `span` of source
 * it came from. Passes over it (checker, compiler) live elsewhere.
 */

/** Half-open range of offsets into the text of a {@link SourceSet}; `start` is the first byte. */
export interface Span {
  /** The first byte. */
  readonly start: number;
  /** After the last byte. */
  readonly end: number;
}

interface Node {
  readonly span: Span;
}

/** A name as written, without quotes. */
export interface NameNode extends Node {
  readonly kind: 'name';
  readonly text: string;
}

// --- the file -------------------------------------------------------------------------------------------

export interface ScriptNode extends Node {
  readonly kind: 'script';
  readonly settings: readonly SettingNode[];
  readonly modules: readonly LoadModuleNode[];
  readonly moduleParameters: readonly ModuleParameterNode[];
  readonly routes: readonly RouteNode[];
}

/** `log_level=3`, `socket=udp:127.0.0.1:5060 as 1.2.3.4 use_workers 2`: a global parameter. */
export interface SettingNode extends Node {
  readonly kind: 'setting';
  readonly name: NameNode;
  readonly value: SettingValueNode;
  /** Options after the value of a socket: `as HOST:PORT`, `use_workers N`, `tag NAME`, `anycast`, ... */
  readonly options: readonly SocketOptionNode[];
}

export interface SettingValueNode extends Node {
  readonly kind: 'setting-value';
  /** A number for a numeral or a yes/no keyword, else the text. */
  readonly value: number | string;
  readonly quoted: boolean;
}

export interface SocketOptionNode extends Node {
  readonly kind: 'socket-option';
  readonly name: NameNode;
  readonly value: NameNode | null;
}

/** `loadmodule "rest_client.so"` */
export interface LoadModuleNode extends Node {
  readonly kind: 'loadmodule';
  /** The path as written. */
  readonly path: NameNode;
  /** `rest_client`: the path without folders and `.so`. */
  readonly module: string;
}

/** `modparam("rest_client", "curl_timeout", 4)`; `modules` has more than one entry for `"a|b"`. */
export interface ModuleParameterNode extends Node {
  readonly kind: 'modparam';
  readonly modules: NameNode;
  readonly name: NameNode;
  readonly value: SettingValueNode;
}

export const routeKinds = [
  'route',
  'branch_route',
  'failure_route',
  'onreply_route',
  'local_route',
  'error_route',
  'startup_route',
  'timer_route',
  'event_route',
] as const;
/** The kinds of routes: `route`, `onreply_route`, ... */
export type RouteKind = (typeof routeKinds)[number];

export interface RouteNode extends Node {
  readonly kind: 'route';
  readonly routeKind: RouteKind;
  /** Absent for the main route and for global onreply_route and the like. */
  readonly name: NameNode | null;
  /** The interval of a timer_route, in seconds. */
  readonly interval: number | null;
  /** Span of `route[name]`, without the body. */
  readonly head: Span;
  readonly body: BlockNode;
}

// --- statements -----------------------------------------------------------------------------------------

export type StatementNode =
  | BlockNode
  | IfNode
  | WhileNode
  | ForEachNode
  | SwitchNode
  | AssignNode
  | CallNode
  | RouteCallNode
  | ReturnNode
  | ExitNode
  | DropNode
  | BreakNode
  | AsyncNode
  | LaunchNode
  | AssertNode;

export interface BlockNode extends Node {
  readonly kind: 'block';
  readonly statements: readonly StatementNode[];
}

export interface IfNode extends Node {
  readonly kind: 'if';
  readonly condition: ExpressionNode;
  readonly then: StatementNode;
  readonly otherwise: StatementNode | null;
}

export interface WhileNode extends Node {
  readonly kind: 'while';
  readonly condition: ExpressionNode;
  readonly body: StatementNode;
}

/** `for ($var(x) in $(avp(l)[*])) ...` */
export interface ForEachNode extends Node {
  readonly kind: 'for-each';
  readonly variable: VariableNode;
  readonly list: VariableNode;
  readonly body: StatementNode;
}

export interface SwitchNode extends Node {
  readonly kind: 'switch';
  readonly subject: VariableNode;
  /** In source order; `value` is null for `default`. Execution falls through to the next until `break`. */
  readonly cases: readonly CaseNode[];
}

export interface CaseNode extends Node {
  readonly kind: 'case';
  readonly value: NumberNode | StringNode | null;
  readonly statements: readonly StatementNode[];
}

/** `=` adds to an AVP, `:=` replaces; the others are `left = left op right`. */
export const assignOperators = [
  '=',
  ':=',
  '+=',
  '-=',
  '*=',
  '/=',
  '%=',
  '&=',
  '|=',
  '^=',
  '<<=',
  '>>=',
  '~=',
] as const;
export type AssignOperator = (typeof assignOperators)[number];

export interface AssignNode extends Node {
  readonly kind: 'assign';
  readonly target: VariableNode;
  readonly operator: AssignOperator;
  readonly value: ExpressionNode;
}

export interface ReturnNode extends Node {
  readonly kind: 'return';
  /** The first is the return code, the rest are read as `$(return(i))`; an empty list means code 1. */
  readonly values: readonly ExpressionNode[];
}

export interface ExitNode extends Node {
  readonly kind: 'exit';
}

export interface DropNode extends Node {
  readonly kind: 'drop';
}

export interface BreakNode extends Node {
  readonly kind: 'break';
}

/** `async(f(...), resume_route, timeout)`, a statement, or in a condition as `if (!async(...))`. */
export interface AsyncNode extends Node {
  readonly kind: 'async';
  readonly call: CallNode;
  readonly resume: NameNode;
  readonly timeout: ExpressionNode | null;
}

/** `launch(f(...), report_route, "parameter")` */
export interface LaunchNode extends Node {
  readonly kind: 'launch';
  readonly call: CallNode;
  readonly report: NameNode | null;
  readonly parameter: ExpressionNode | null;
}

export interface AssertNode extends Node {
  readonly kind: 'assert';
  readonly condition: ExpressionNode;
  readonly message: StringNode | null;
}

// --- expressions ----------------------------------------------------------------------------------------

export type ExpressionNode =
  | NumberNode
  | StringNode
  | NullNode
  | VariableNode
  | CallNode
  | RouteCallNode
  | BinaryNode
  | UnaryNode
  | TestNode
  | AsyncNode
  | LaunchNode;

export interface NumberNode extends Node {
  readonly kind: 'number';
  /** 32-bit signed. */
  readonly value: number;
}

/**
 * A quoted string, or several adjacent ones, with escapes resolved: a byte string, each char code one byte. Whether
 * `$name` in it is a variable depends on the context (a function's argument: yes; an assignment: no), so the passes
 * that need them call `template()`.
 */
export interface StringNode extends Node {
  readonly kind: 'string';
  readonly value: string;
  /** For each piece copied unchanged: [index in value, offset in the source], in order. */
  readonly origins: readonly (readonly [index: number, offset: number])[];
  /** Several adjacent strings. */
  readonly joined?: true;
}

export interface NullNode extends Node {
  readonly kind: 'null';
}

/** `f(a, , b)`: an omitted argument is null. */
export interface CallNode extends Node {
  readonly kind: 'call';
  readonly name: NameNode;
  readonly arguments: readonly (ExpressionNode | null)[];
  /** A trailing comma before the closing parenthesis. */
  readonly trailingComma?: Span;
}

export interface RouteCallNode extends Node {
  readonly kind: 'route-call';
  /** A variable, or a string with variables, is evaluated to the name at run time. */
  readonly name: NameNode | VariableNode | StringNode;
  readonly arguments: readonly ExpressionNode[];
}

export const arithmeticOperators = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'] as const;
export type ArithmeticOperator = (typeof arithmeticOperators)[number];
export const comparisonOperators = ['==', '!=', '<', '<=', '>', '>=', '=~', '!~'] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];
export type LogicalOperator = '&&' | '||';
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | LogicalOperator;

export interface BinaryNode extends Node {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  /** Position of the operator itself. */
  readonly operatorSpan: Span;
  readonly left: ExpressionNode;
  readonly right: ExpressionNode;
  /** The value of `left op= right`, whose sides have the same type and are not null. */
  readonly compound?: true;
}

export interface UnaryNode extends Node {
  readonly kind: 'unary';
  readonly operator: '!' | '-' | '~';
  readonly operand: ExpressionNode;
}

/** `[ $var(a) & 4 ]`: true when the number is not 0. */
export interface TestNode extends Node {
  readonly kind: 'test';
  readonly operand: ExpressionNode;
}

// --- variables ------------------------------------------------------------------------------------------

/** `$(<context>name(subname)[index]{transformation}...)` */
export interface VariableNode extends Node {
  readonly kind: 'variable';
  /** `<request>` or `<reply>`. */
  readonly context: 'request' | 'reply' | null;
  /** With its dots: `var`, `avp`, `ru`, `ct.fields`. */
  readonly name: NameNode;
  readonly subname: TemplateNode | null;
  readonly index: IndexNode | null;
  readonly transformations: readonly TransformationNode[];
}

export type IndexNode =
  | {
      readonly kind: 'index';
      readonly span: Span;
      readonly value: number | 'all' | 'append' | 'insert' | 'insertAfter';
    }
  | { readonly kind: 'index-variable'; readonly span: Span; readonly value: VariableNode };

/** `{s.substr,1,3}`: `name` is `s.substr`, `argument` everything after the first comma, or null. */
export interface TransformationNode extends Node {
  readonly kind: 'transformation';
  readonly name: NameNode;
  readonly argument: TemplateNode | null;
}

/** Text with variables; `$$` is already replaced by `$`, and adjacent texts are joined. */
export interface TemplateNode extends Node {
  readonly kind: 'template';
  readonly parts: readonly (TextNode | VariableNode)[];
}

export interface TextNode extends Node {
  readonly kind: 'text';
  readonly value: string;
}
