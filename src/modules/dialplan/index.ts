/** The dialplan module: translates texts by rules of a table. Source: modules/dialplan of the manual. */
import { CommandError, defineModule, type Routing, type Run } from '../../runtime/index.ts';
import { defineArgument, definedNames } from '../../script/index.ts';
import { bytesOf, textOf } from '../command-text.ts';
import { checkTableUrl } from '../open-table.ts';
import { parameters, partitionsOf, standard, type Values } from './parameters.ts';
import { type Rule, translated } from './rules.ts';
import { dialplans, openDialplans } from './tables.ts';

const source = 'modules/dialplan';

/** The names of the partitions. Throws {@link InvalidUse}. */
const partitionNames = (values: Values): readonly string[] => [...partitionsOf(values).keys()];

const partition = defineArgument({
  name: 'partition',
  type: 'string',
  optional: true,
  definedBy: definedNames('dialplan', parameters, partitionNames),
  omitted: standard,
  summary: `The partition; default \`${standard}\`.`,
});

const optionalPartition = {
  name: 'partition',
  type: 'string',
  optional: true,
  summary: 'The partition; default all.',
} as const;

interface Found {
  readonly rule: Rule;
  /** Null if the rule has no replacement. */
  readonly output: string | null;
}

/** The rule that a text matches, and what it becomes; null without one. */
function translate(
  routing: Routing,
  rules: ReturnType<typeof rulesOf>,
  text: string,
  expanded: (part: string) => string | null,
): Found | null {
  const rule = text === '' ? undefined : rules?.find(text, Math.floor(routing.host.clock.date() / 1000));
  if (rule == null) return null;
  if (rule.replacement === null) return { rule, output: null };
  const output = translated(rule, text, expanded);
  return output === null ? null : { rule, output };
}

const rulesOf = (routing: Routing, name: string, number: number) =>
  routing.states.get(dialplans).get(name)?.current.get(number);

/** The partitions of a command. */
function wanted(routing: Routing, name: string | undefined) {
  const known = [...partitionsOf(routing.parameters(parameters)).values()];
  const found = name === undefined ? known : known.filter((one) => one.name === name);
  if (name !== undefined && found.length === 0) throw new CommandError(404, `unknown partition "${name}"`);
  return found;
}

export const dialplan = defineModule({
  name: 'dialplan',
  summary: 'Translates texts, such as dialled numbers, by rules of a table.',
  source,
  parameters,
  validate: (values) => {
    for (const { url } of partitionsOf(values).values()) checkTableUrl(url);
    return [];
  },
  start: openDialplans,
  commands: [
    {
      name: 'dialplan:reload',
      aliases: ['dp_reload'],
      parameters: [optionalPartition],
      processes: 'every',
      summary: 'Reads the rules again; if they cannot be read nothing changes.',
      source,
      run: async ({ partition: name }, routing) => {
        for (const one of wanted(routing, name)) await routing.states.get(dialplans).get(one.name)?.reload();
      },
    },
    {
      name: 'dialplan:translate',
      aliases: ['dp_translate'],
      parameters: [
        { name: 'dpid', type: 'int', summary: 'The number of the dialplan.' },
        { name: 'input', type: 'string', summary: 'The text.' },
        { ...optionalPartition, summary: partition.summary },
      ],
      summary: 'Translates a text as dp_translate() does.',
      source,
      run: ({ dpid, input, partition: name = standard }, routing) => {
        wanted(routing, name);
        const rules = rulesOf(routing, name, dpid);
        if (rules === undefined) throw new CommandError(404, `unknown dialplan ${dpid}`);
        const found = translate(routing, rules, bytesOf(input), (part) => part);
        if (found === null) throw new CommandError(404, 'no rule matches');
        return { Output: textOf(found.output ?? ''), ATTRIBUTES: textOf(found.rule.attributes) };
      },
    },
    {
      name: 'dialplan:show_partition',
      aliases: ['dp_show_partition'],
      parameters: [optionalPartition],
      summary: 'Lists the partitions, with their tables.',
      source,
      run: ({ partition: name }, routing) => ({
        Partitions: wanted(routing, name).map(({ name: one, table, url }) => ({
          name: one,
          table,
          db_url: url,
        })),
      }),
    },
  ],
  functions: [
    {
      name: 'dp_translate',
      arguments: [
        { name: 'id', type: 'int', summary: 'The number of the dialplan.' },
        { name: 'input', type: 'string', isPair: true, summary: 'The text.' },
        {
          name: 'out_var',
          type: 'variable',
          optional: true,
          summary: 'Gets what the text becomes; kept if the rule has no replacement.',
        },
        {
          name: 'attrs_var',
          type: 'variable',
          optional: true,
          gives: 'text',
          summary: 'Gets the attributes of the rule; empty if it has none.',
        },
        partition,
      ],
      summary: 'Translates a text by the first rule that it matches; -1 if none does.',
      source,
      run: (run: Run, number, input, output, attributes, name = standard) => {
        const { routing } = run;
        if (!routing.states.get(dialplans).has(name)) {
          run.complain(`dp_translate(): unknown partition "${name}"`);
          return -1;
        }
        const expanded = (part: string) => routing.script.text(part)?.read(run) ?? null;
        const found = translate(routing, rulesOf(routing, name, number), input, expanded);
        if (found === null) return -1;
        if (found.output !== null && output?.set(run, found.output) === false) return -1;
        attributes?.set(run, found.rule.attributes);
        return 1;
      },
    },
  ],
});
