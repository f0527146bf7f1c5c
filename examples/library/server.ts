/**
 * Loads a routing script, runs a server on it in this process, and asks it once.
 *
 *     npx tsx examples/library/server.ts http://127.0.0.1:8081
 */
import { loadScript, renderDiagnostics, startServer } from 'siprest';
import { sendRequest } from 'siprest/sip';

const [service = 'http://127.0.0.1:8081'] = process.argv.slice(2);

const text = `
socket = udp:127.0.0.1:0
log_level = 3
udp_workers = 4

loadmodule "signaling.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "sipmsgops.so"
loadmodule "rest_client.so"
modparam("rest_client", "curl_timeout", 2)

route {
	async(rest_get("${service}/credit?account=$(fU{rest.escape})", $avp(credit), , $avp(status)), answered);
}

route[answered] {
	if ($rc < 0)
		send_reply(500, "Credit Unknown");
	else if ($avp(status) != 200)
		send_reply(403, "Forbidden");
	else {
		append_to_reply("X-Credit: $avp(credit)\\r\\n");
		send_reply(200, "OK");
	}
}
`;

const script = loadScript(text, { fileName: 'credit.cfg' });
const { diagnostics, sources } = script;
if (diagnostics.length > 0) console.error(renderDiagnostics(diagnostics, sources, { color: false }));
if (!script.isValid) process.exit(1);

const server = await startServer(script);
const address = server.sockets[0]?.replace('udp:', '') ?? '';
console.log(`serving ${address}`);

const call = sendRequest({
  method: 'OPTIONS',
  uri: 'sip:bob@biloxi.example',
  from: 'sip:alice@atlanta.example',
  proxy: address,
});
for await (const event of call) {
  if (event.kind !== 'response') continue;
  const { status, reason } = event.response;
  console.log(`${status} ${reason}, credit ${event.response.header('X-Credit') ?? 'unknown'}`);
}

// A server that goes on would wait for a signal here.
await server.stop();
