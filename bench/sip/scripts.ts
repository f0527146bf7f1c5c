/** The same routing for each server: check the request, ask a service about the caller, answer. */

/** How a script of siprest asks. */
export type Asking = 'blocking' | 'async';

export interface ScriptSettings {
  readonly asking: Asking;
  /** Default: 64 blocking, 1 async. */
  readonly workers?: number;
  /** Of the service that answers. */
  readonly origin: string;
  /** The origin for callers whose name is not `alice`. Default: the same. */
  readonly others?: string;
  /** Module parameters of rest_client. */
  readonly parameters?: Readonly<Record<string, number>>;
}

export function siprestScript(settings: ScriptSettings): string {
  const {
    asking,
    workers = asking === 'async' ? 1 : 64,
    origin,
    others = origin,
    parameters = {},
  } = settings;
  const question = (at: string): string => {
    const call = `rest_get("${at}/credit/$fU", $var(body), $var(type), $var(code))`;
    return asking === 'async' ? `async(${call}, answer);` : `${call}; route(answer);`;
  };
  const choice =
    others === origin
      ? question(origin)
      : `if ($fU == "alice") { ${question(origin)} } else { ${question(others)} }`;
  return `udp_workers = ${workers}
loadmodule "maxfwd.so"
loadmodule "sipmsgops.so"
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rest_client.so"
${Object.entries(parameters)
  .map(([name, value]) => `modparam("rest_client", "${name}", ${value})\n`)
  .join('')}
route {
  if (!mf_process_maxfwd_header(10)) {
    send_reply(483, "Too Many Hops");
    exit;
  }
  if (is_method("ACK"))
    exit;
  if (!is_method("INVITE|OPTIONS")) {
    send_reply(405, "Method Not Allowed");
    exit;
  }
  t_newtran();
  ${choice}
}
route[answer] {
  if ($rc < 0 || $var(code) != 200) {
    send_reply(503, "Service Unavailable");
    exit;
  }
  send_reply(200, "OK");
}
`;
}

/** With as many processes as siprest has workers; its HTTP client knows blocking calls alone. */
export function kamailioConfiguration(port: number, origin: string, modules: string): string {
  return `#!KAMAILIO
debug=0
log_stderror=yes
children=64
disable_tcp=yes
auto_aliases=no
mpath="${modules}"
listen=udp:127.0.0.1:${port}
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "http_client.so"
modparam("http_client", "keep_connections", 1)
request_route {
  if (!mf_process_maxfwd_header("10")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  if (is_method("ACK"))
    exit;
  if (!is_method("INVITE|OPTIONS")) {
    sl_send_reply("405", "Method Not Allowed");
    exit;
  }
  t_newtran();
  $var(code) = http_client_query("${origin}/credit/$fU", "$var(body)");
  if ($var(code) != 200) {
    t_reply("503", "Service Unavailable");
    exit;
  }
  t_reply("200", "OK");
}
`;
}
