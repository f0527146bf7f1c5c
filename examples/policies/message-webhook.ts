/** Delivers text messages to a webhook: accepted once it has taken them. */
import { defineServer } from 'siprest';

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],
  rest: { timeout: 5_000 },

  async onMessage(call) {
    if (call.contentType !== 'text/plain')
      return call.reply(415, 'Unsupported Media Type', { headers: { Accept: 'text/plain' } });
    const answer = await call.rest.post('http://hooks.example/messages', {
      json: { from: call.from.uri.text, to: call.to.uri.text, text: call.body, id: call.callId },
    });
    if (answer.kind !== 'response')
      return call.reply(503, 'Webhook Unavailable', { headers: { 'Retry-After': 30 } });
    return answer.status < 300 ? call.reply(202) : call.reply(403, 'Refused');
  },
});
