/** What rtpengine tells by itself, such as DTMF events: JSON in datagrams. Source: modules/rtpengine of the manual. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { isHeard, raiseEvent } from '../../engine/index.ts';
import { type Host, type RunRouting, StateKey } from '../../runtime/index.ts';
import { type EventSpec, InvalidUse, type Value } from '../../script/index.ts';
import { bareHost, parseHostPort } from '../../sip/index.ts';
import { InForce } from '../in-force.ts';
import { relays } from './ask.ts';

const name = 'E_RTPENGINE_NOTIFICATION';

export const notification: EventSpec = {
  name,
  attributes: [
    { name: 'type', summary: 'Its kind, such as `DTMF`.' },
    { name: 'callid', summary: 'The Call-ID.' },
    { name: 'source_tag', summary: 'The tag of the side that it is about.' },
    { name: 'timestamp', summary: 'When it has happened, in seconds since 1970.' },
    { name: 'source_ip', summary: 'Of DTMF: the address that has sent it.' },
    { name: 'event', summary: 'Of DTMF: the number of the digit.' },
    { name: 'duration', summary: 'Of DTMF: how long the key was pressed, in ms.' },
    { name: 'volume', summary: 'Of DTMF: the volume.' },
  ],
  summary: 'An rtpengine has sent a notification to notification_sock; its members are the attributes.',
  source: 'modules/rtpengine',
};

/** Members of a notification that become attributes. */
const mostMembers = 64;

export interface NotificationSocket {
  readonly host: string;
  readonly port: number;
}

/** @throws InvalidUse */
export function notificationSocket(text: string): NotificationSocket {
  const found = parseHostPort(text.replace(/^udp:/, ''));
  if (found === null || found.port === null || found.port === 0)
    throw new InvalidUse(`invalid notification_sock "${text}"`, 'use ADDRESS:PORT, as in 127.0.0.1:9999');
  return { host: bareHost(found.host), port: found.port };
}

const inForce = new StateKey<Host, InForce<RunRouting>>('rtpengine notifications', () => new InForce());

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

function valueOf(value: unknown): Value {
  if (value === null || (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31))
    return value;
  return bytes(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Of several processes the first one receives them. */
export function receiveNotifications(routing: RunRouting, { host, port }: NotificationSocket): void {
  if (routing.host.number !== 0) return;
  routing.host.states.get(inForce).follow(routing, () => {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', reuseAddr: true });
    socket.unref();
    socket.on('error', (error) => routing.log.error(`rtpengine: notification_sock: ${error.message}`));
    socket.on('message', (data) => {
      const members = read(data.toString('utf8'));
      if (members === null) return relays.countUnreadable(routing);
      if (!isHeard(routing, name)) return;
      raiseEvent(
        routing,
        name,
        members.map(([key, value]) => ({ name: bytes(key), value: valueOf(value) })),
      );
    });
    socket.bind(port, host);
    return () => socket.close();
  });
}

function read(text: string): readonly (readonly [string, unknown])[] | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.entries(value).slice(0, mostMembers);
  } catch {
    return null;
  }
}
