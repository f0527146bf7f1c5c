/** Lists of destinations that get no requests. Source: the manual's Script-CoreFunctions. */
import { blacklists, blacklistsInUse, useBlacklist } from '../../relay/index.ts';
import { defineFunction, defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument } from '../../script/index.ts';
import { type BlacklistRule, blacklistRule } from '../../sip/index.ts';
import { globMatches } from '../../text/index.ts';

const list = defineArgument({ name: 'bl_name', type: 'string', summary: 'The name of the list.' });
const ip = defineArgument({ name: 'ip', type: 'string', summary: 'An address or a network.' });
const port = defineArgument({
  name: 'port',
  type: 'int',
  optional: true,
  summary: 'Its port; default 0, any.',
});
const proto = defineArgument({
  name: 'proto',
  type: 'string',
  optional: true,
  summary: 'Its transport; default `any`.',
});
const pattern = defineArgument({
  name: 'pattern',
  type: 'string',
  optional: true,
  summary: 'A pattern as of file names that the whole request must match; default any.',
});
const routes = ['route', 'failure_route', 'branch_route', 'local_route', 'onreply_route'] as const;

const using = (name: string, isUsed: boolean, summary: string) =>
  defineFunction({
    name,
    arguments: [list],
    summary,
    source: 'Script-CoreFunctions',
    run: (run, text) => {
      if (!run.routing.states.get(blacklists).has(text)) return refuse(run, name, `no blacklist ${text}`);
      useBlacklist(run.request, text, isUsed);
      return 1;
    },
  });

function refuse(run: Run, name: string, why: string): -1 {
  run.complain(`${name}(): ${why}`);
  return -1;
}

/** `!` before the address negates the rule. */
function ruleOf(
  address: string,
  portNumber: number | undefined,
  transport: string | undefined,
  glob: string | undefined,
): BlacklistRule | null {
  const isNegated = address.startsWith('!');
  return blacklistRule({
    isNegated,
    transport: transport ?? 'any',
    network: isNegated ? address.slice(1) : address,
    port: portNumber ?? 0,
    pattern: glob ?? '',
  });
}

const invalidRule = 'invalid rule: use an address or network, a port and a transport';

export const blacklistFunctions = defineFunctions([
  using(
    'use_blacklist',
    true,
    'The request goes to no destination of the list from now on. -1 for an unknown list.',
  ),
  using(
    'unuse_blacklist',
    false,
    'The list does not concern the request any more; `dns` is the list of targets that failed.',
  ),
  {
    name: 'check_blacklist_rule',
    arguments: [
      { ...list, optional: true },
      ip,
      port,
      proto,
      { ...pattern, summary: 'The text that the patterns of rules must match.' },
    ],
    routes,
    summary:
      'Whether a destination is in a list, or without a name in one of those that the request uses. Without a port, or a transport, only rules for any match.',
    source: 'Script-CoreFunctions',
    run: (run, name, address, portNumber = 0, transport = 'any', text) => {
      const lists = run.routing.states.get(blacklists);
      if (name !== undefined && !lists.has(name))
        return refuse(run, 'check_blacklist_rule', `no blacklist ${name}`);
      const subject = { transport: transport.toLowerCase(), address, port: portNumber };
      const names = name === undefined ? blacklistsInUse(run.request) : [name];
      const has = (one: string): boolean => globMatches(one, text ?? '');
      return names.some((one) => lists.match(one, subject, has) !== null) ? 1 : -1;
    },
  },
  {
    name: 'add_blacklist_rule',
    arguments: [
      list,
      { ...ip, summary: 'An address or a network; `!` before it negates the rule.' },
      port,
      proto,
      pattern,
      {
        name: 'expire',
        type: 'int',
        optional: true,
        summary: 'After how many seconds the rule ends; default 0, never.',
      },
    ],
    routes,
    summary: 'Adds a rule to a list that is not `readonly`, in all processes.',
    source: 'Script-CoreFunctions',
    run: (run, name, address, portNumber, transport, text, seconds = 0) => {
      const rule = ruleOf(address, portNumber, transport, text);
      if (rule === null || seconds < 0) return refuse(run, 'add_blacklist_rule', invalidRule);
      const refusal = run.routing.states.get(blacklists).add(name, rule, seconds);
      return refusal === null ? 1 : refuse(run, 'add_blacklist_rule', refusal);
    },
  },
  {
    name: 'del_blacklist_rule',
    arguments: [list, { ...ip, summary: 'As in the rule.' }, port, proto, pattern],
    routes,
    summary:
      'Removes a rule from a list that is not `readonly`, in all processes. -1 if the list does not have it.',
    source: 'Script-CoreFunctions',
    run: (run, name, address, portNumber, transport, text) => {
      const rule = ruleOf(address, portNumber, transport, text);
      if (rule === null) return refuse(run, 'del_blacklist_rule', invalidRule);
      const refusal = run.routing.states.get(blacklists).remove(name, rule);
      return refusal === null ? 1 : refuse(run, 'del_blacklist_rule', refusal);
    },
  },
]);
