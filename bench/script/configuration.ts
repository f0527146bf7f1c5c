/** A configuration like those of the field, as long as is asked for: a main route, and a group of routes for each carrier. */

const header = `# carriers chosen by a REST service
log_level = 3
xlog_level = 3
udp_workers = 8
socket = udp:127.0.0.1:5060
socket = tcp:127.0.0.1:5060

loadmodule "proto_udp.so"
loadmodule "proto_tcp.so"
loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "rr.so"
loadmodule "maxfwd.so"
loadmodule "sipmsgops.so"
loadmodule "textops.so"
loadmodule "cfgutils.so"
loadmodule "json.so"
loadmodule "rest_client.so"
loadmodule "cachedb_local.so"
loadmodule "avpops.so"

modparam("rest_client", "curl_timeout", 2)
modparam("rest_client", "connection_timeout", 1)
modparam("tm", "fr_timeout", 5)
modparam("tm", "fr_inv_timeout", 30)

route {
	if (!mf_process_maxfwd_header(10)) {
		send_reply(483, "Too Many Hops");
		exit;
	}
	if (has_totag()) {
		if (loose_route() || (is_method("ACK") && t_check_trans()))
			t_relay();
		exit;
	}
	t_check_trans();
	record_route();
	switch ($(rU{s.substr,0,2})) {
`;

/** The routes of one carrier, 40 lines. */
const carrier = (n: number): string => `
# carrier ${n}: its numbers, its price, its gateways
route[carrier_${n}] {
	$var(number) = $rU;
	if ($var(number) =~ "^\\+${n}[0-9]{3,12}$") {
		$var(number) = $(var(number){s.substr,1,0});
	} else if ($var(number) =~ "^00") {
		$var(number) = $(var(number){s.substr,2,0});
	}
	if ($(var(number){s.len}) < 3 || $(var(number){s.len}) > 15) {
		xlog("L_WARN", "carrier ${n}: $var(number) of $fu from $si:$sp is not a number\\n");
		send_reply(484, "Address Incomplete");
		exit;
	}
	if ($hdr(User-Agent) =~ "friendly-scanner" || $ua == NULL) {
		drop;
	}
	$avp(service) = "http://127.0.0.1:8081/carrier/${n}?to=" + $(var(number){rest.escape});
	cache_fetch("local", "price-${n}-$var(number)", $avp(price));
	async(rest_get("$avp(service)&call=$ci", $avp(answer_${n}), , $avp(status)), answered_${n});
}

route[answered_${n}] {
	if ($rc < 0 || $avp(status) != 200) {
		xlog("carrier ${n}: no answer about $rU: $rc\\n");
		send_reply(503, "Service Unavailable");
		exit;
	}
	$json(answer) := $avp(answer_${n});
	for ($var(gateway) in $(json(answer/gateways)[*])) {
		$avp(gateways) = $var(gateway);
	}
	if (!is_present_hf("P-Asserted-Identity"))
		append_hf("P-Asserted-Identity: <sip:$fU@carrier-${n}.example.com>\\r\\n");
	$ru = "sip:" + $var(number) + "@" + $avp(gateways);
	cache_store("local", "price-${n}-$var(number)", "$json(answer/price)", 3600);
	t_on_failure("failed_${n}");
	t_relay();
}

failure_route[failed_${n}] {
	if (!t_was_cancelled() && t_check_status("5[0-9][0-9]"))
		$avp(failed) = $T_reply_code + ":" + $avp(gateways);
}
`;

/** A configuration of `lines` lines, or up to a carrier's routes more. */
export function configuration(lines: number): string {
  let cases = '';
  let routes = '';
  for (let n = 1; ; n++) {
    cases += `\t\tcase "${n}":\n\t\t\troute(carrier_${n});\n\t\t\tbreak;\n`;
    routes += carrier(n);
    const text = `${header}${cases}\t}\n\tsend_reply(404, "Not Found");\n}\n${routes}`;
    if (text.split('\n').length > lines) return text;
  }
}
