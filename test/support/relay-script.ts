/** The scripts of a proxy that relays calls and stays in their dialogs. */

/**
 * The beginning of a main route: requests within a dialog follow their Routes, a CANCEL its INVITE, and an initial
 * request gets a Record-Route. OpenSIPS and Kamailio read it alike; with siprest it needs tm, rr and sipmsgops.
 */
export const inDialogs = `  if (has_totag()) {
    if (loose_route() || (is_method("ACK") && t_check_trans()))
      t_relay();
    exit;
  }
  if (is_method("CANCEL")) {
    if (t_check_trans())
      t_relay();
    exit;
  }
  t_check_trans();
  record_route();
`;

export interface RelayParts {
  /** Settings and further modules, above the main route. */
  readonly settings?: string;
  /** The end of the main route: what an initial request does. */
  readonly onward: string;
  /** Further routes. */
  readonly routes?: string;
}

/** A script for siprest; one without a `socket` among its settings lacks it. */
export const relayScript = ({ settings = '', onward, routes = '' }: RelayParts): string => `log_level = 1
loadmodule "maxfwd.so"
loadmodule "sipmsgops.so"
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
${settings}
route {
  if (!mf_process_maxfwd_header(10)) {
    send_reply(483, "Too Many Hops");
    exit;
  }
${inDialogs}  ${onward}
}
${routes}
`;

/** Sends the request to a port of 127.0.0.1. */
export const relayTo = (port: number): string => `$du = "sip:127.0.0.1:${port}";
  if (!t_relay())
    send_reply(500, "Relay Failed");`;
