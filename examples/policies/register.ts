/** A registrar whose registrations are kept by a REST service. */
import { defineServer, url } from 'siprest';

const longest = 3_600;

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],

  async onRegister(call) {
    const { user } = call.to;
    const [contact] = call.contacts;
    if (user === undefined) return call.reply(400, 'No User');
    const place = url`http://registrations.example/users/${user}`;
    if (contact === undefined) {
      const answer = await call.rest.get(place);
      if (answer.kind !== 'response') return call.reply(503);
      return call.reply(200, 'OK', answer.status === 200 ? { headers: { Contact: answer.text } } : {});
    }
    const wanted = Number(contact.parameter('expires') ?? call.headers.get('Expires') ?? longest);
    const expires = Math.min(Number.isNaN(wanted) ? longest : wanted, longest);
    const answer = await call.rest.put(place, {
      json: { contact: contact.uri.text, expires, source: call.source.address },
    });
    if (answer.kind !== 'response') return call.reply(503, 'Registrar Unavailable');
    if (answer.status !== 200) return call.reply(403, 'Forbidden');
    return call.reply(200, 'OK', { headers: { Contact: `<${contact.uri.text}>;expires=${expires}` } });
  },

  async onInvite(call) {
    const answer = await call.rest.get(url`http://registrations.example/users/${call.uri.user ?? ''}`);
    if (answer.kind !== 'response') return call.reply(503);
    if (answer.status !== 200) return call.reply(404, 'Not Registered');
    return call.relay({ targets: [answer.text], recordRoute: true });
  },
});
