/** Who calls whom: the pairs of URIs that rules are about. */
import { messageBranches } from '../../relay/index.ts';
import type { Routing, Run } from '../../runtime/index.ts';
import { parseUri } from '../../sip/index.ts';
import { parameters } from './parameters.ts';
import { isAllowed, type RuleFiles } from './rules.ts';

/** `sip:user@host` of any URI, without port and parameters, which is what rules see of it; null for an invalid URI. */
export function plainUri(text: string): string | null {
  const uri = parseUri(text);
  return uri === null ? null : `sip:${uri.user ?? ''}@${uri.host ?? ''}`;
}

/** The files of a name. */
export function ruleFiles(routing: Routing, name: string): RuleFiles {
  const { allow_suffix, deny_suffix } = routing.parameters(parameters);
  return { allow: `${name}${allow_suffix}`, deny: `${name}${deny_suffix}` };
}

function plain(uris: readonly string[]): readonly string[] | null {
  const all = uris.map(plainUri);
  return all.includes(null) ? null : (all as readonly string[]);
}

function check(
  run: Run,
  files: RuleFiles,
  caller: string | undefined,
  uris: readonly string[] | null,
): 1 | -1 {
  if (caller === undefined || uris === null) return -1;
  return isAllowed(run.routing, files, caller, uris) ? 1 : -1;
}

/** From, with the request URI and the URIs of the branches. */
export function allowRouting(run: Run, name: string | undefined): 1 | -1 {
  const { default_allow_file, default_deny_file, check_all_branches } = run.parameters(parameters);
  const files =
    name === undefined
      ? { allow: default_allow_file, deny: default_deny_file }
      : ruleFiles(run.routing, name);
  const { message, requestUri } = run.request;
  const branches = check_all_branches ? run.state(messageBranches).added : [];
  return check(run, files, message?.findFrom()?.uri, plain([requestUri, ...branches.map(({ uri }) => uri)]));
}

/** To, with the contacts; `*` is always allowed. */
export function allowRegister(run: Run, name: string): 1 | -1 {
  const { message } = run.request;
  const contacts = message?.contacts?.map(({ uri }) => uri).filter((uri) => uri !== '*') ?? null;
  const files = ruleFiles(run.routing, name);
  return check(run, files, message?.findTo()?.uri, contacts === null ? null : plain(contacts));
}

/** From, with any text as it is. */
export const allowUri = (run: Run, name: string, uri: string): 1 | -1 =>
  check(run, ruleFiles(run.routing, name), run.request.message?.findFrom()?.uri, [uri]);
