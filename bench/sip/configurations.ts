/** The same routing for each server: check the request, ask a service about the caller, then answer or relay the call. */
import { inDialogs, relayTo } from '../../test/support/relay-script.ts';

/** What a server does with a call once the service has answered. */
export type WorkName = 'answered' | 'relayed' | 'accounted';

/** What stands around a measured server. */
export interface Neighbours {
  /** The origin of the HTTP service. */
  readonly service: string;
  /** The UDP port of 127.0.0.1 of the called party. */
  readonly callee: number;
}

/** How a script asks the service. */
export type Asking = 'blocking' | 'async';

export interface ScriptSettings extends Neighbours {
  readonly work: WorkName;
  readonly asking: Asking;
  /** Default: 64 blocking, 1 async. */
  readonly workers?: number;
  /** The origin for callers whose name is not `alice`. Default: the same. */
  readonly others?: string;
  /** Module parameters of rest_client. */
  readonly parameters?: Readonly<Record<string, number>>;
}

const checkMaxForwards = `  if (!mf_process_maxfwd_header("10")) {
    send_reply(483, "Too Many Hops");
    exit;
  }
`;

/** How the main route begins, up to the question. */
const beginning: Readonly<Record<WorkName, string>> = {
  answered: `${checkMaxForwards}  if (is_method("ACK"))
    exit;
  t_newtran();
`,
  relayed: checkMaxForwards + inDialogs,
  accounted: `${checkMaxForwards}${inDialogs}  create_dialog("bye-on-timeout");
  do_accounting("log", "cdr");
`,
};

/** What `accounted` needs beside the others. */
const accounting = {
  modules: ['dialog', 'acc'],
  settings: 'stderror_enabled = yes\nsyslog_enabled = no\n',
};

/** What follows the answer of the service. */
const ending = (work: WorkName, callee: number): string =>
  work === 'answered' ? 't_reply(200, "OK");' : relayTo(callee).replace('send_reply', 't_reply');

/** For siprest and OpenSIPS; it lacks its socket. */
export function opensipsScript(settings: ScriptSettings): string {
  const {
    work,
    asking,
    workers = asking === 'async' ? 1 : 64,
    service,
    callee,
    others = service,
    parameters = {},
  } = settings;
  const question = (at: string): string => {
    const call = `rest_get("${at}/credit/$fU", $var(body), $var(type), $var(code))`;
    return asking === 'async' ? `async(${call}, onward);` : `${call}; route(onward);`;
  };
  const { modules: more, settings: logging } =
    work === 'accounted' ? accounting : { modules: [], settings: '' };
  const common = ['proto_udp', 'maxfwd', 'sipmsgops', 'signaling', 'sl', 'tm', 'rr', 'rest_client'];
  const modules = [...common, ...more];
  return `log_level = 1
${logging}udp_workers = ${workers}
${modules.map((name) => `loadmodule "${name}.so"\n`).join('')}${Object.entries({
  max_async_transfers: 20_000,
  ...parameters,
})
  .map(([name, value]) => `modparam("rest_client", "${name}", ${value})\n`)
  .join('')}route {
${beginning[work].replace('"10"', '10')}${
  others === service
    ? `  ${question(service)}`
    : `  if ($fU == "alice") { ${question(service)} } else { ${question(others)} }`
}
}
route[onward] {
  if ($rc < 0 || $var(code) != 200) {
    t_reply(503, "Service Unavailable");
    exit;
  }
  ${ending(work, callee)}
}
`;
}

/** A policy with handlers that do what the script of {@link opensipsScript} does, on a UDP port. */
export function policyModule({ work, service, callee, port }: PolicySettings): string {
  const question = `
    const answer = await call.rest.get(url\`${service}/credit/\${call.from.user ?? ''}\`);
    if (answer.kind !== 'response' || answer.status !== 200) return call.reply(503, 'Service Unavailable');`;
  const handler =
    work === 'answered'
      ? `onRequest: async (call) => {${question}
    call.reply(200, 'OK');
  },`
      : `onInvite: async (call) => {${question}
    await call.relay({ targets: [{ uri: call.uri.text, nextHop: 'sip:127.0.0.1:${callee}' }], recordRoute: true });
  },`;
  return `import { defineServer, url } from 'siprest';

export default defineServer({
  sockets: ['udp:127.0.0.1:${port}'],
  logLevel: 'error',
  workers: 1,
  ${handler}
});
`;
}

export interface PolicySettings extends Neighbours {
  readonly work: WorkName;
  readonly port: number;
}

/** A script for siprest that relays INVITEs without asking anybody, and waits so many seconds for a reply. */
export const silentRelayScript = (callee: number, timeout: number): string => `log_level = 1
udp_workers = 1
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "signaling.so"
loadmodule "sipmsgops.so"
modparam("tm", "fr_timeout", ${timeout})
route {
${inDialogs}  ${relayTo(callee)}
}
`;

export interface KamailioSettings extends Neighbours {
  readonly work: WorkName;
  readonly port: number;
  /** Folders of its modules, with colons between them. */
  readonly modules: string;
  /** By `http_async_client`: one process for SIP and one for HTTP. By `http_client`: 64 processes that wait. */
  readonly asking: Asking;
}

const kamailioQuestions: Readonly<
  Record<Asking, { settings: string; ask: (url: string) => string; failed: string }>
> = {
  async: {
    settings: `children=1
loadmodule "http_async_client.so"
modparam("http_async_client", "workers", 1)`,
    ask: (url) => `http_async_query("${url}", "ONWARD");`,
    failed: '$http_ok != 1 || $http_rs != 200',
  },
  blocking: {
    settings: `children=64
loadmodule "http_client.so"
modparam("http_client", "keep_connections", 1)`,
    ask: (url) => `$var(code) = http_client_query("${url}", "$var(body)"); route(ONWARD);`,
    failed: '$var(code) != 200',
  },
};

export function kamailioConfiguration(settings: KamailioSettings): string {
  const { work, port, modules, asking, service, callee } = settings;
  const question = kamailioQuestions[asking];
  // what is relayed gets its transaction by t_relay(), but the query has to find one
  const transaction = work === 'relayed' ? '  t_newtran();\n' : '';
  const loaded = ['kex', 'tm', 'tmx', 'sl', 'rr', 'pv', 'maxfwd', 'textops', 'siputils'];
  return `#!KAMAILIO
debug=0
log_stderror=yes
disable_tcp=yes
auto_aliases=no
mpath="${modules}"
listen=udp:127.0.0.1:${port}
${loaded.map((name) => `loadmodule "${name}.so"\n`).join('')}${question.settings}
request_route {
${beginning[work]}${transaction}  ${question.ask(`${service}/credit/$fU`)}
  exit;
}
route[ONWARD] {
  if (${question.failed}) {
    t_reply(503, "Service Unavailable");
    exit;
  }
  ${ending(work, callee)}
}
`;
}
