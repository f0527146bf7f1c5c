/** Makes every dialled number international (E.164) before it goes to the carrier. */
import { defineServer } from 'siprest';

const country = '49';
const area = '30';

function international(dialled: string): string | null {
  const digits = dialled.replace(/[\s().-]/g, '');
  if (/^\+\d{8,15}$/.test(digits)) return digits;
  if (/^00\d{8,15}$/.test(digits)) return `+${digits.slice(2)}`;
  if (/^0\d{6,13}$/.test(digits)) return `+${country}${digits.slice(1)}`;
  return /^[1-9]\d{3,9}$/.test(digits) ? `+${country}${area}${digits}` : null;
}

export default defineServer({
  sockets: ['udp:127.0.0.1:5060'],

  onInvite(call) {
    const number = international(call.uri.user ?? '');
    if (number === null) return call.reply(484, 'Address Incomplete');
    call.headers.set('X-Dialled', call.uri.user ?? '');
    return call.relay({
      targets: [call.uri.with({ user: number, host: 'carrier.example', port: null })],
      recordRoute: true,
    });
  },
});
