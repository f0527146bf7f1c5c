/** `$msg.branch` and its fields: where a request goes besides its request URI. Source: the manual's Script-CoreVar. */

import { type MessageBranch, messageBranches } from '../../relay/index.ts';
import { defineVariable, defineVariables, type Run } from '../../runtime/index.ts';
import { InvalidUse, type Value, type VariableAccess, type VariableUse } from '../../script/index.ts';
import { parseUri, splitProtocol } from '../../sip/index.ts';
import { branchFlagNames } from '../flag-names.ts';
import { setFlag, yesOrNo } from './message.ts';
import { subnameOf } from './subname.ts';

/** The branch at an index; without one, the last added branch. */
function branchAt({ index }: VariableUse<Run>): (run: Run) => MessageBranch | null {
  if (index === 'append')
    throw new InvalidUse('[append] is not supported', 'use append_msg_branch() to add a branch');
  if (index === null || index === 'all') return (run) => run.state(messageBranches).last;
  const at = typeof index === 'number' ? () => index : index;
  return (run) => {
    const i = at(run);
    return i === null ? null : (run.state(messageBranches).at(i) ?? null);
  };
}

export interface BranchField {
  readonly name: string;
  readonly summary: string;
  readonly get: (branch: MessageBranch) => Value;
  readonly set?: (branch: MessageBranch, value: Value) => boolean;
}

const isUri = (value: Value) => value !== null && parseUri(String(value)) !== null;

function text(name: 'destinationUri' | 'q' | 'path' | 'socket', takes: (value: string) => boolean) {
  return (branch: MessageBranch, value: Value) => {
    if (value !== null && !takes(String(value))) return false;
    branch[name] = value === null ? null : String(value);
    return true;
  };
}

/** `udp:192.0.2.1:5060` */
function isSocket(text: string): boolean {
  const { protocol, rest } = splitProtocol(text);
  return protocol !== null && /^\S+$/.test(rest);
}

/** RFC 3261, 25.1, qvalue. */
const setQText = text('q', (q) => /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q));

/** An integer is in thousandths, a negative one unsets q (edge-ru-q-number); text is a qvalue. */
function setQ(branch: MessageBranch, value: Value): boolean {
  if (typeof value !== 'number') return setQText(branch, value);
  branch.q = value < 0 ? null : String(Math.min(value, 1000) / 1000);
  return true;
}

export const branchFields: readonly BranchField[] = [
  {
    name: 'uri',
    summary: 'The URI of a branch.',
    get: (branch) => branch.uri || null,
    set: (branch, value) => {
      if (!isUri(value)) return false;
      branch.uri = String(value);
      return true;
    },
  },
  {
    name: 'duri',
    summary: 'The destination URI of a branch.',
    get: (branch) => branch.destinationUri,
    set: text('destinationUri', isUri),
  },
  {
    name: 'q',
    summary: 'The q of a branch, 0 to 1; empty if unset. An assigned integer is in thousandths.',
    get: (branch) => branch.q ?? '',
    set: setQ,
  },
  {
    name: 'path',
    summary: 'The Path of a branch.',
    get: (branch) => branch.path,
    set: text('path', () => true),
  },
  {
    name: 'socket',
    summary: 'The forced socket of a branch.',
    get: (branch) => branch.socket,
    set: text('socket', isSocket),
  },
  {
    name: 'flags',
    summary: 'The set flags of a branch, separated by spaces.',
    get: (branch) => branchFlagNames.print(branch.flags),
  },
];

/** Of `[*]`. */
export const joined = (values: readonly Value[]) => values.map((value) => value ?? '').join(', ');

function fieldVariable({ name, summary, get, set }: BranchField) {
  return defineVariable({
    name: `msg.branch.${name}`,
    indexed: true,
    writable: set !== undefined,
    summary: `${summary} \`[0]\` is the request URI, \`[-1]\` (also without an index) the last branch.`,
    source: 'Script-CoreVar, message branches',
    resolve: (use) => {
      const at = branchAt(use);
      const all = (run: Run) => run.state(messageBranches).all.map(get);
      return {
        get: (run) => {
          if (use.index === 'all') return joined(all(run));
          const branch = at(run);
          return branch === null ? null : get(branch);
        },
        ...(use.index === 'all' ? { list: all } : {}),
        ...(set === undefined
          ? {}
          : {
              set: (run, value) => {
                const branch = at(run);
                return branch !== null && set(branch, value);
              },
            }),
      };
    },
  });
}

export function flagAccess(
  branchOf: (run: Run) => MessageBranch | null,
  flag: (run: Run) => string,
): VariableAccess<Run> {
  return {
    ...yesOrNo((run) => branchOf(run)?.flags.has(flag(run)) === true),
    set: (run, value) => {
      const branch = branchOf(run);
      if (branch === null) return false;
      return setFlag(branch.flags, flag(run), value);
    },
  };
}

/** `$msg.branch`, and its older name `$branch`. */
export const lastAdded: VariableAccess<Run> = {
  get: (run) => run.state(messageBranches).added.at(-1)?.uri ?? null,
  set: (run, value) => value !== null && run.state(messageBranches).add(String(value)),
};

const contactOf = ({ uri, q }: MessageBranch) => (q === null ? `<${uri}>` : `<${uri}>;q=${q}`);

export const branchVariables = defineVariables([
  {
    name: 'msg.branch',
    writable: true,
    summary: 'Setting it adds a branch with this URI; reading it gives the URI of the last added branch.',
    source: 'Script-CoreVar, message branches; vector edge-branch-without-name',
    resolve: () => lastAdded,
  },
  ...branchFields.map(fieldVariable),
  {
    name: 'msg.branch.flag',
    subname: 'required',
    indexed: true,
    writable: true,
    summary: 'A flag of a branch: 1 or 0, printed as `true` or `false`.',
    source: 'Script-CoreVar, message branches',
    resolve: (use) => {
      const at = branchAt(use);
      if (typeof use.subname === 'string') branchFlagNames.inVariable(use.subname);
      return flagAccess(at, subnameOf(use));
    },
  },
  {
    name: 'msg.branch.attr',
    subname: 'required',
    indexed: true,
    writable: true,
    summary: 'An attribute of a branch, with any name.',
    source: 'Script-CoreVar, message branches',
    resolve: (use) => {
      const at = branchAt(use);
      const attribute = subnameOf(use);
      return {
        get: (run) => at(run)?.attributes.get(attribute(run)) ?? null,
        set: (run, value) => {
          const branch = at(run);
          if (branch === null) return false;
          if (value === null) branch.attributes.delete(attribute(run));
          else branch.attributes.set(attribute(run), value);
          return true;
        },
      };
    },
  },
  {
    name: 'msg.branch.last_idx',
    summary: 'The number of the last branch; 0 if no branch was added.',
    source: 'Script-CoreVar, message branches',
    resolve: () => ({ get: (run) => run.state(messageBranches).lastIndex }),
  },
  {
    name: 'ru_q',
    writable: true,
    summary: 'The q of the request URI in thousandths; -1 if unset. Assigned text is a qvalue such as 0.5.',
    source: 'Script-CoreVar; vector edge-ru-q-number',
    resolve: () => ({
      get: (run) => {
        const { q } = run.state(messageBranches).main;
        return q === null ? -1 : Math.round(Number(q) * 1000);
      },
      set: (run, value) => value !== null && setQ(run.state(messageBranches).main, value),
    }),
  },
  {
    name: 'ds',
    summary: 'The added branches as a Contact header for a redirect; null if none was added.',
    source: 'Script-CoreVar; vector edge-branch-list',
    resolve: () => ({
      get: (run) => {
        const contacts = run.state(messageBranches).added.map(contactOf);
        return contacts.length === 0 ? null : `Contact: ${contacts.join(', ')}`;
      },
    }),
  },
]);
