/** Administration commands of events. Source: the manual's Interface-CoreMI, Event Interface. */
import { raiseEvent, type Subscription, subscribe, subscriptions } from '../engine/index.ts';
import { CommandError, defineCommands } from '../runtime/index.ts';
import { bytesOf } from './command-text.ts';

const source = 'Interface-CoreMI';
const event = { name: 'event', type: 'string', summary: 'The name of the event.' } as const;

const listed = ({ socket, left }: Subscription) =>
  left === null ? { socket, expire: 'never' } : { socket, ttl: left };

export const eventCommands = defineCommands([
  {
    name: 'evi:raise',
    aliases: ['raise_event'],
    parameters: [
      event,
      {
        name: 'params',
        type: 'list',
        optional: true,
        summary: 'Its attributes, as `name=value`, or values by position.',
      },
    ],
    summary: 'Raises an event, whose `event_route` runs and whose subscribers are notified.',
    source,
    run: ({ event: name, params = [] }, routing) => {
      const attributes = params.map((text) => {
        const [, key = null, value] = /^(\w+)=(.*)$/s.exec(text) ?? [];
        return { name: key, value: bytesOf(value ?? text) };
      });
      raiseEvent(routing, name, attributes);
    },
  },
  {
    name: 'evi:subscribe',
    aliases: ['event_subscribe'],
    parameters: [
      event,
      { name: 'socket', type: 'string', summary: 'Where notifications go: `udp:127.0.0.1:8081`.' },
      {
        name: 'expire',
        type: 'int',
        optional: true,
        minimum: 1,
        summary: 'How long the subscription lasts, in seconds; default 3600.',
      },
    ],
    summary: 'Sends each event of this name to a socket.',
    source,
    run: ({ event: name, socket, expire = 3600 }, routing) => {
      const problem = subscribe(routing, name, socket, expire);
      if (problem !== null) throw new CommandError(400, problem);
    },
  },
  {
    name: 'evi:subscribers',
    aliases: ['subscribers_list'],
    parameters: [
      { ...event, optional: true },
      { name: 'socket', type: 'string', optional: true, summary: 'Only this subscriber.' },
    ],
    summary: 'Lists the subscribers of an event, or of all events.',
    source,
    run: ({ event: name, socket }, { host }) => {
      const all = subscriptions(host);
      if (name === undefined)
        return { Events: [...all].map(([each, list]) => ({ name: each, subscribers: list.map(listed) })) };
      const list = all.get(name);
      if (list === undefined) throw new CommandError(404, `the event "${name}" has no subscribers`);
      if (socket === undefined) return { Event: { name, subscribers: list.map(listed) } };
      const one = list.find((each) => each.socket === socket);
      if (one === undefined) throw new CommandError(404, `"${socket}" has not subscribed to "${name}"`);
      return { Event: { name, Subscriber: listed(one) } };
    },
  },
]);
