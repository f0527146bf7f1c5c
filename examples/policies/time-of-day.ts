/** Calls go to the office while it is open, and to voicemail at other times. */
import { defineServer } from 'siprest';

const hours = { from: 9, to: 17 };
const clock = new Intl.DateTimeFormat('en', {
  timeZone: 'Europe/Berlin',
  weekday: 'short',
  hour: 'numeric',
  hourCycle: 'h23',
});

function isOpen(now: number): boolean {
  const parts = new Map(clock.formatToParts(now).map(({ type, value }) => [type, value]));
  const hour = Number(parts.get('hour'));
  return !['Sat', 'Sun'].includes(parts.get('weekday') ?? '') && hour >= hours.from && hour < hours.to;
}

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],

  onInvite: (call) =>
    call.relay({
      targets: [isOpen(call.now) ? 'sip:office@pbx.example' : 'sip:office@voicemail.example'],
      recordRoute: true,
    }),
});
