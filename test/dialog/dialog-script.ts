/** A script that follows its calls, for tests. */
import { simulate } from '../../src/testing/index.ts';

export interface DialogScript {
  /** Parameters of dialog, each `name, value`. */
  readonly parameters?: readonly string[];
  /** The flags of create_dialog(). */
  readonly flags?: string;
  /** What runs on an INVITE after create_dialog(). */
  readonly initial?: string;
  /** What runs on a request within the dialog, before it is relayed. */
  readonly within?: string;
  /** What runs on OPTIONS from outside. */
  readonly options?: string;
  /** Further routes. */
  readonly routes?: string;
  /** Targets beside the first. */
  readonly branches?: readonly string[];
}

export const bobAt = 'sip:192.0.2.100';
export const carolAt = 'sip:192.0.2.101';

export function dialogScript({
  parameters = [],
  flags = '',
  initial = '',
  within = '',
  options = '',
  routes = '',
  branches = [],
}: DialogScript): string {
  return `socket = udp:192.0.2.1:5060
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "sipmsgops.so"
loadmodule "dialog.so"
${parameters.map((one) => `modparam("dialog", ${one})\n`).join('')}
route {
  if (is_method("CANCEL")) { t_relay(); exit; }
  if (has_totag()) {
    if (!loose_route()) { send_reply(481, "Gone"); exit; }
    ${within}
    t_relay();
    exit;
  }
  if (is_method("OPTIONS")) { ${options} send_reply(200, "OK"); exit; }
  record_route();
  create_dialog("${flags}");
  ${initial}
  $ru = "${bobAt}";
  ${branches.map((uri) => `append_branch("${uri}");`).join(' ')}
  t_relay();
}
${routes}`;
}

/** Starts it; bob is at 192.0.2.100, carol at 192.0.2.101. */
export async function dialogKit(script: DialogScript) {
  const kit = await simulate({ script: dialogScript(script) });
  const alice = kit.caller('alice');
  const bob = kit.callee('192.0.2.100');
  return { kit, alice, bob };
}

export const to = 'sip:bob@home.example';

/** How many calls go on. */
export const dialogs = (kit: { figure(name: string): unknown }) => kit.figure('dialogs');
