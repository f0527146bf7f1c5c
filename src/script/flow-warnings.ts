/** Warnings derived from the state at one point of a route; see {@link checkFlow}. */
import type { AsyncNode, BinaryNode, ExpressionNode, LaunchNode, VariableNode } from './ast.ts';
import { comparisonOperators } from './ast.ts';
import type { DiagnosticList } from './diagnostics.ts';
import { type FlowState, trackedName } from './flow-state.ts';
import type { Lookup } from './lookup.ts';
import { template, variableText } from './template.ts';

const returnCodes: ReadonlySet<string> = new Set(['rc', 'retcode']);
const comparisons: ReadonlySet<string> = new Set(comparisonOperators);

export class FlowWarnings<R> {
  readonly #lookup: Lookup<R>;
  readonly #diagnostics: DiagnosticList;

  constructor(lookup: Lookup<R>, diagnostics: DiagnosticList) {
    this.#lookup = lookup;
    this.#diagnostics = diagnostics;
  }

  /** A variable is read. */
  read(node: VariableNode, { emptyCode }: FlowState): void {
    if (emptyCode === null || !returnCodes.has(node.name.text)) return;
    const { by, span } = emptyCode;
    this.#diagnostics.warning(
      'stale-return-code',
      node.span,
      `${variableText(node)} no longer holds the result of an earlier call: ${by} has set it since`,
      {
        labels: [{ span, message: 'sets it' }],
        help: 'save it right after the call: $var(rc) = $rc;',
      },
    );
  }

  carried(node: VariableNode, set: VariableNode, by: AsyncNode | LaunchNode): void {
    const name = node.subname?.parts[0];
    const avp = `$avp(${name?.kind === 'text' ? name.value.trim() : 'name'})`;
    this.#diagnostics.warning(
      'variable-over-async',
      node.span,
      `${variableText(node)} may now belong to another call: it was set before ${by.kind}() and is shared by all calls of the worker`,
      {
        labels: [
          { span: set.span, message: 'set here' },
          { span: by.call.span, message: 'other calls may run here' },
        ],
        help:
          by.kind === 'async'
            ? `use ${avp} instead, which stays with the message`
            : 'pass it as the third argument of launch(), which the route reads as $param(1)',
      },
    );
  }

  compared(node: BinaryNode, state: FlowState): void {
    const { operator, left, right } = node;
    if (!comparisons.has(operator) || operator === '=~' || operator === '!~') return;
    const text = isNumber(right) ? left : isNumber(left) ? right : null;
    if (text?.kind !== 'variable' || !this.isText(text, state)) return;
    this.#diagnostics.warning(
      'text-as-number',
      text.span,
      `${variableText(text)} is text, and comparing text with a number is never true`,
      { help: `use ${variableText(withTransformation(text, 's.int'))} instead` },
    );
  }

  /** The URL of a request. */
  url(node: ExpressionNode, state: FlowState): void {
    this.#unescaped(
      node,
      state,
      'goes into the URL unescaped, so a caller can change path and query',
      (input) => `use ${variableText(withTransformation(input, 'rest.escape'))} instead`,
    );
  }

  /** A command of the shell. */
  command(node: ExpressionNode, state: FlowState): void {
    this.#unescaped(
      node,
      state,
      'goes into a command of the shell, so a caller can run programs',
      (input) =>
        `put it into the environment: $avp(text) = ${variableText(input)}, the AVP as the fifth argument of exec(), and "$$OSIPS_EXEC_0" in the command`,
    );
  }

  /** A query of words. */
  query(node: ExpressionNode, state: FlowState): void {
    this.#unescaped(
      node,
      state,
      'goes into a query, where a blank begins another word, so a caller can change the query',
      (input) => `use ${variableText(withTransformation(input, 'rest.escape'))} instead`,
    );
  }

  #unescaped(
    node: ExpressionNode,
    state: FlowState,
    what: string,
    help: (input: VariableNode) => string,
  ): void {
    const parts = node.kind === 'string' ? template(node).parts : [node];
    for (const part of parts) {
      if (part.kind !== 'variable') continue;
      const input = this.inputOf(part, state);
      if (input === null) continue;
      const isItself = part === input;
      this.#diagnostics.warning(
        'unescaped-input',
        part.span,
        isItself
          ? `${variableText(input)} ${what}`
          : `${variableText(part)} contains ${variableText(input)}, which ${what}`,
        {
          help: help(input),
          ...(isItself ? {} : { labels: [{ span: input.span, message: 'not escaped' }] }),
        },
      );
    }
  }

  /** The message variable that a value contains unmodified, if any. */
  inputOf(node: ExpressionNode, state: FlowState): VariableNode | null {
    if (node.kind === 'binary' && node.operator === '+')
      return this.inputOf(node.left, state) ?? this.inputOf(node.right, state);
    if (node.kind !== 'variable') return null;
    const { transformations } = node;
    if (transformations.some(({ name }) => this.#lookup.transformation(name.text)?.urlSafe === true))
      return null;
    if (this.#lookup.variable(node.name.text)?.fromMessage === true) return node;
    const name = trackedName({ ...node, transformations: [] });
    return name === null ? null : (state.variables.get(name)?.input ?? null);
  }

  /** Whether a value is certainly text. */
  isText(node: ExpressionNode, state: FlowState): boolean {
    if (node.kind === 'string') return true;
    if (node.kind === 'binary')
      return node.operator === '+' && this.isText(node.left, state) && this.isText(node.right, state);
    if (node.kind !== 'variable' || node.transformations.length > 0) return false;
    if (this.#lookup.variable(node.name.text)?.fromMessage === true) return true;
    const name = trackedName(node);
    return name !== null && state.variables.get(name)?.isText === true;
  }
}

const isNumber = (node: ExpressionNode): boolean =>
  node.kind === 'number' || (node.kind === 'unary' && node.operator !== '!' && isNumber(node.operand));

function withTransformation(node: VariableNode, name: string): VariableNode {
  const { span } = node;
  return {
    ...node,
    transformations: [
      ...node.transformations,
      { kind: 'transformation', span, name: { kind: 'name', span, text: name }, argument: null },
    ],
  };
}
