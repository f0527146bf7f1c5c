/** A service says who may call. While it is down, everybody may. */
import { defineServer, url } from 'siprest';

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],
  rest: { timeout: 1_000, connectTimeout: 300 },

  use: [
    async (call, next) => {
      const { user = 'anonymous' } = call.from;
      const answer = await call.rest.get(url`http://blacklist.example/callers/${user}`);
      if (answer.kind === 'response' && answer.status === 200) {
        call.log.info(`${user} is on the blacklist`);
        return call.reply(403, 'Forbidden');
      }
      return next();
    },
  ],

  onInvite: (call) => call.relay({ targets: ['sip:pbx.example'], recordRoute: true }),
  onMessage: (call) => call.relay({ targets: ['sip:pbx.example'] }),
});
