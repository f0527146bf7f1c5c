/** `$msg.branch` and its fields: where a request goes besides its request URI. Source: the manual's Script-CoreVar. */
import {
  InvalidUse,
  type Value,
  type VariableAccess,
  type VariableSpec,
  type VariableUse,
} from '../../script/index.ts';
import { parseUri } from '../../sip/index.ts';
import { type MessageBranch, messageBranches } from '../message-branches.ts';
import type { Run } from '../run.ts';
import { subnameOf } from './subname.ts';

/** The branch that an index means: the last one added where there is none. */
function branchAt({ index }: VariableUse<Run>): (run: Run) => MessageBranch | null {
  if (index === 'append') throw new InvalidUse('it has no [append]', 'append_msg_branch() adds a branch');
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

/** RFC 3261, 25.1, qvalue. */
const setQ = text('q', (q) => /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(q));

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
    summary: 'The q of a branch, 0 to 1.',
    get: (branch) => branch.q,
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
    set: text('socket', (socket) => /^(?:udp|tcp|tls):\S+$/i.test(socket)),
  },
  {
    name: 'flags',
    summary: 'The flags of a branch that are set.',
    get: (branch) => [...branch.flags].join(',') || null,
  },
];

function fieldVariable({ name, summary, get, set }: BranchField): VariableSpec<Run> {
  return {
    name: `msg.branch.${name}`,
    indexed: true,
    writable: set !== undefined,
    summary: `${summary} \`[0]\` is the request's own, \`[-1]\` the last; without an index the last.`,
    source: 'Script-CoreVar, message branches',
    resolve: (use) => {
      const at = branchAt(use);
      const all = (run: Run) => run.state(messageBranches).all.map(get);
      return {
        get: (run) => {
          if (use.index === 'all')
            return (
              all(run)
                .map((value) => value ?? '')
                .join(',') || null
            );
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
  };
}

export function flagAccess(
  branchOf: (run: Run) => MessageBranch | null,
  flag: (run: Run) => string,
): VariableAccess<Run> {
  return {
    get: (run) => (branchOf(run)?.flags.has(flag(run)) ? 1 : 0),
    set: (run, value) => {
      const branch = branchOf(run);
      if (branch === null) return false;
      if (value === null || value === 0 || value === '0') branch.flags.delete(flag(run));
      else branch.flags.add(flag(run));
      return true;
    },
  };
}

export const branchVariables: readonly VariableSpec<Run>[] = [
  {
    name: 'msg.branch',
    writable: true,
    summary: 'Written: adds a branch of this URI. Read: the URI of the last branch.',
    source: 'Script-CoreVar, message branches',
    resolve: () => ({
      get: (run) => run.state(messageBranches).last.uri || null,
      set: (run, value) => value !== null && run.state(messageBranches).add(String(value)),
    }),
  },
  ...branchFields.map(fieldVariable),
  {
    name: 'msg.branch.flag',
    subname: 'required',
    indexed: true,
    writable: true,
    summary: 'A flag of a branch: 1 or 0.',
    source: 'Script-CoreVar, message branches',
    resolve: (use) => {
      const at = branchAt(use);
      return flagAccess(at, subnameOf(use));
    },
  },
  {
    name: 'msg.branch.attr',
    subname: 'required',
    indexed: true,
    writable: true,
    summary: 'An attribute of a branch, of any name.',
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
    summary: 'The number of the last branch; 0 where none was added.',
    source: 'Script-CoreVar, message branches',
    resolve: () => ({ get: (run) => run.state(messageBranches).lastIndex }),
  },
  {
    name: 'ru_q',
    writable: true,
    summary: 'The q of the request URI.',
    source: 'Script-CoreVar',
    resolve: () => ({
      get: (run) => run.state(messageBranches).at(0)?.q ?? null,
      set: (run, value) => {
        const branch = run.state(messageBranches).at(0);
        return branch !== undefined && setQ(branch, value);
      },
    }),
  },
  {
    name: 'ds',
    summary: 'All URIs that the request goes to.',
    source: 'Script-CoreVar',
    resolve: () => ({
      get: (run) =>
        run
          .state(messageBranches)
          .all.map(({ uri }) => `<${uri}>`)
          .join(', '),
    }),
  },
];
