/** Strings with variables: parses them into parts, and turns variables back into text. */
import type { StringNode, TemplateNode, TextNode, VariableNode } from './ast.ts';
import { DiagnosticList } from './diagnostics.ts';
import { readTemplate, type VariableSource } from './variable-syntax.ts';

/**
 * The parts of a string, with spans in the source. Errors go to `diagnostics`, and invalid parts are omitted; without
 * `diagnostics` errors are dropped, for scripts that have been checked.
 */
export function template(node: StringNode, diagnostics?: DiagnosticList): TemplateNode {
  const { value, span } = node;
  // most strings are plain text; parsing the others again costs less than a WeakMap of all
  if (!value.includes('$'))
    return { kind: 'template', span, parts: value === '' ? [] : [{ kind: 'text', span, value }] };
  return readTemplate(sourceOf(node, diagnostics ?? new DiagnosticList()));
}

function sourceOf(node: StringNode, diagnostics: DiagnosticList): VariableSource {
  const { origins, span, value } = node;
  let piece = 0;
  return {
    text: value,
    limit: value.length,
    singleLine: false,
    diagnostics,
    offsetOf(index) {
      // mostly called in ascending order, so start at the piece of the last answer
      if (piece >= origins.length || (origins[piece]?.[0] ?? 0) > index) piece = 0;
      while (piece + 1 < origins.length && (origins[piece + 1]?.[0] ?? 0) <= index) piece += 1;
      const origin = origins[piece];
      if (origin === undefined) return span.start;
      return Math.min(origin[1] + Math.max(0, index - origin[0]), span.end - 1);
    },
  };
}

/**
 * Trims blanks. Unlike trim(), it leaves bytes alone that are a space only in Latin-1, since they may be half of a
 * UTF-8 character.
 */
export function trimmed(parts: TemplateNode['parts']): TemplateNode['parts'] {
  const [first] = parts;
  const last = parts.at(-1);
  const begins = first?.kind === 'text' && isBlank(first.value, 0);
  const ends = last?.kind === 'text' && isBlank(last.value, last.value.length - 1);
  if (!begins && !ends) return parts;
  return parts
    .map((part) => {
      if (part.kind === 'variable') return part;
      let { value } = part;
      if (part === first) value = value.replace(/^[ \t\r\n]+/, '');
      if (part === last) value = value.replace(/[ \t\r\n]+$/, '');
      return { ...part, value };
    })
    .filter((part) => part.kind === 'variable' || part.value !== '');
}

function isBlank(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === 32 || code === 9 || code === 13 || code === 10;
}

/** A variable as source text: `$(avp(x)[1]{s.len})`. */
export function variableText(node: VariableNode): string {
  const subname = node.subname === null ? '' : `(${templateText(trimmed(node.subname.parts))})`;
  if (node.context === null && node.index === null && node.transformations.length === 0) {
    return `$${node.name.text}${subname}`;
  }
  const context = node.context === null ? '' : `<${node.context}>`;
  const transformations = node.transformations.map((one) => {
    return `{${one.name.text}${one.argument === null ? '' : `,${templateText(one.argument.parts)}`}}`;
  });
  return `$(${context}${node.name.text}${subname}${indexText(node)}${transformations.join('')})`;
}

function indexText(node: VariableNode): string {
  const index = node.index;
  if (index === null) return '';
  if (index.kind === 'index-variable') return `[${variableText(index.value)}]`;
  return `[${index.value === 'all' ? '*' : index.value}]`;
}

/** A template as text that parses to the same template. */
export function rawText(parts: TemplateNode['parts']): string {
  return parts
    .map((part) => (part.kind === 'text' ? part.value.replaceAll('$', '$$$$') : variableText(part)))
    .join('');
}

function templateText(parts: readonly (TextNode | VariableNode)[]): string {
  return parts.map((part) => (part.kind === 'text' ? part.value : variableText(part))).join('');
}
