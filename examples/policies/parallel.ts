/** Rings all phones of a user at once: the first to answer gets the call, the others are cancelled. */
import { defineServer, url } from 'siprest';

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],

  async onInvite(call) {
    const { user } = call.uri;
    if (user === undefined) return call.reply(404, 'Not Found');
    const answer = await call.rest.get(url`http://directory.example/users/${user}/phones`);
    if (answer.kind !== 'response' || answer.status !== 200) return call.reply(404, 'Not Found');
    const phones: readonly string[] = JSON.parse(answer.text);
    if (phones.length === 0) return call.reply(480, 'No Phone');

    return call.relay({ targets: phones, ringFor: 30_000, recordRoute: true });
  },
});
