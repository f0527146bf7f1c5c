/** A hunt group: rings one phone after the other, each for a while, until one answers. */
import { defineServer } from 'siprest';

const group = [
  'sip:reception@phone1.example',
  'sip:back-office@phone2.example',
  'sip:on-call@phone3.example',
];

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],

  onInvite: (call) => call.relay({ targets: group, order: 'series', ringFor: 10_000, recordRoute: true }),
});
