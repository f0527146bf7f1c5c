/** Changes headers on their way: of requests, of what a target gets, and of replies. */
import { defineServer } from 'siprest';

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],
  state: () => ({ began: 0 }),

  onInvite(call) {
    call.state.began = call.now;
    // for all targets
    call.headers.delete('P-Asserted-Identity');
    call.headers.set('P-Asserted-Identity', `<sip:${call.from.user ?? 'anonymous'}@home.example>`);
    return call.relay({
      targets: [
        { uri: 'sip:trunk.example', headers: { 'X-Trunk': 'north', 'User-Agent': null } },
        'sip:backup.example',
      ],
      order: 'series',
      recordRoute: true,
      onReply(reply) {
        reply.headers.delete('Server');
        reply.headers.set('X-Setup-Time', call.now - call.state.began);
        if (reply.status === 183 && reply.sdp === undefined) reply.setStatus(180);
        if (reply.status === 603) reply.setStatus(486, 'Busy Here');
      },
    });
  },
});
