import { describe, expect, test } from 'vitest';
import type { ExpressionNode, StringNode, TemplateNode, VariableNode } from '../../src/script/index.ts';
import { parseScript, template, variableText } from '../../src/script/index.ts';

function argument(text: string): ExpressionNode {
  const { script, diagnostics } = parseScript(`route { f(${text}); }`, 'test.cfg');
  expect(diagnostics).toEqual([]);
  const call = script.routes[0]?.body.statements[0];
  if (call?.kind !== 'call' || call.arguments[0] == null) throw new Error('no call');
  return call.arguments[0];
}

function variable(text: string): VariableNode {
  const node = argument(text);
  if (node.kind !== 'variable') throw new Error(`a ${node.kind}`);
  return node;
}

/** Texts as they are, variables as [name, ...] to distinguish the two. */
function parts(node: TemplateNode): unknown[] {
  return node.parts.map((part) => (part.kind === 'text' ? part.value : [variableText(part)]));
}

function inString(text: string): unknown[] {
  const node = argument(text);
  if (node.kind !== 'string') throw new Error(`a ${node.kind}`);
  return parts(template(node));
}

describe('a variable', () => {
  test.each([
    '$ru',
    '$var(a)',
    '$ct.fields(uri)',
    '$T_fr_timeout',
    '$msg.branch.uri',
    '$avp(s:name)',
    '$time(%H:%M)',
    '$(avp(l)[*])',
    '$(avp(l)[append])',
    '$(hdr(Via)[-1]{via.transport})',
    '$(<reply>hdr(Contact))',
    '$json(o/$var(k))',
    '$(json(o/list[$var(i)])[*])',
    '$(hdr(X)[$var(i)])',
    '$avp($var(x))',
    '$(var(t){s.select,1,,})',
    '$(var(x){param.value,$(var(x){param.name,1})}{s.len})',
    '$(fu{re.subst,/^sip:(.*)@(.*)$/\\2-\\1/})',
    '$(fu{re.subst,/[0-9]{3}/x/})',
    '$json(j/ips[0])',
  ])('%s is read whole, and written again as it was', (text) => {
    expect(variableText(variable(text))).toBe(text);
  });

  test.each([
    ['$(fU)', '$fU'],
    ['$var( a )', '$var(a)'],
    ['$(avp(l)[ 1 ])', '$(avp(l)[1])'],
  ])('%s is %s', (text, same) => {
    expect(variableText(variable(text))).toBe(same);
  });

  test('is split into its parts', () => {
    const node = variable('$(<reply>hdr(Via)[-1]{s.substr, 1,$var(n)})');
    expect(node.context).toBe('reply');
    expect(node.name.text).toBe('hdr');
    expect(node.index).toMatchObject({ kind: 'index', value: -1 });
    expect(node.transformations).toHaveLength(1);
    expect(node.transformations[0]?.name.text).toBe('s.substr');
    expect(parts(node.transformations[0]?.argument as TemplateNode)).toEqual([' 1,', ['$var(n)']]);
  });

  test('a transformation without a comma has no argument, with a comma it has one', () => {
    expect(variable('$(fU{s.len})').transformations[0]?.argument).toBeNull();
    expect(variable('$(fU{s.len,})').transformations[0]?.argument?.parts).toEqual([]);
  });

  test('a brace may be the separator of {s.select}', () => {
    expect(variable('$(fU{s.select,0,{})').transformations[0]?.argument?.parts).toMatchObject([
      { value: '0,{' },
    ]);
  });

  test('keeps UTF-8 whose last byte is white space in JavaScript', () => {
    // the bytes of U+00E0 are C3 A0
    expect(variable('$var(\xc3\xa0)').subname?.parts).toMatchObject([{ value: '\xc3\xa0' }]);
  });
});

describe('a string with variables', () => {
  test.each([
    ['"a $fU-x"', ['a ', ['$fU'], '-x']],
    ['"$fU|$(ru{s.len})"', [['$fU'], '|', ['$(ru{s.len})']]],
    ['"[$var(a)]"', ['[', ['$var(a)'], ']']],
    ['"cost $$5 $$fU"', ['cost $5 $fU']],
    ['"$fU.com"', [['$fU.com']]],
    ['"$(fU)x"', [['$fU'], 'x']],
    ['"one" "two $fU"', ['onetwo ', ['$fU']]],
    ["'$fU\\n'", [['$fU'], '\\n']],
    ['"$$$fU"', ['$', ['$fU']]],
    ['""', []],
  ])('%s', (text, expected) => {
    expect(inString(text)).toEqual(expected);
  });

  test('knows the place of each variable in the source, despite escapes and concatenation', () => {
    const text = 'route { f("a\\t$fU" "|\\x41\\n$(ru{s.len})"); }';
    const { script } = parseScript(text, 'test.cfg');
    const call = script.routes[0]?.body.statements[0];
    const node = call?.kind === 'call' ? (call.arguments[0] as StringNode) : null;
    const spans = template(node as StringNode).parts.filter((part) => part.kind === 'variable');
    expect(spans.map(({ span }) => text.slice(span.start, span.end))).toEqual(['$fU', '$(ru{s.len})']);
  });
});

describe('strings', () => {
  test.each([
    ['"tab[\\t] quote[\\"] backslash[\\\\] newline[\\n]"', 'tab[\t] quote["] backslash[\\] newline[\n]'],
    ['"^\\+?[0-9]{6,}$"', '^\\+?[0-9]{6,}$'],
    ['"\\x41\\x4\\101\\60"', 'A\x04A0'],
    ['"\\2-\\1"', '\\2-\\1'],
    ['\'raw \\n "q"\'', 'raw \\n "q"'],
    ['"a\nb"', 'a\nb'],
  ])('%j', (text, value) => {
    expect(argument(text)).toMatchObject({ kind: 'string', value });
  });
});
