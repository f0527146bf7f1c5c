/**
 * The rest_queue module, siprest's own: messages to REST services by way of the disk, for accounting and events. Each is
 * delivered at least once, with an Idempotency-Key, and those of a call in order.
 */
import { dirname, resolve } from 'node:path';
import { eventTransports } from '../../engine/index.ts';
import type { RestClient } from '../../rest/index.ts';
import { urlForLog } from '../../rest/index.ts';
import { defineCommands, defineModule, type FigureSpec, type Host } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { openScriptClient } from '../rest-client/transfers.ts';
import { Delivery, delivery } from './delivery.ts';
import { restEvents } from './events.ts';
import { parameters } from './parameters.ts';

const source = "siprest's own";

const current = (host: Host) => host.states.known(delivery)?.current ?? null;

const figures: readonly FigureSpec<Host>[] = [
  {
    name: 'rest_queue_waiting',
    kind: 'gauge',
    unit: 'messages',
    summary: 'Messages to REST services that are not delivered yet.',
    read: (host) => current(host)?.waiting ?? 0,
  },
  {
    name: 'rest_queue_size',
    kind: 'gauge',
    unit: 'MiB',
    summary: 'How much memory they take.',
    read: (host) => (current(host)?.bytes ?? 0) / 1_048_576,
  },
  {
    name: 'rest_queue',
    kind: 'counter',
    unit: 'messages',
    labels: ['outcome'],
    summary:
      'Messages of rest_queue: delivered, refused since the queue was full, expired; `failed` counts attempts.',
    read: (host) => ({ ...current(host)?.counts }),
  },
];

const commands = defineCommands([
  {
    name: 'rest_queue:list',
    parameters: [],
    processes: 'every',
    summary: 'What waits for each URL, and why.',
    source,
    run: (_, { host }) => {
      const now = host.clock.date();
      return [...(current(host)?.lanes ?? [])].map(([url, lane]) => ({
        process: host.number,
        url: urlForLog(url),
        waiting: lane.waiting,
        sending: lane.sending,
        oldest: lane.oldest === null ? 0 : Math.round((now - lane.oldest) / 1000),
        failure: lane.failure,
      }));
    },
  },
  {
    name: 'rest_queue:retry',
    parameters: [],
    processes: 'every',
    summary: 'Ends all waits after failures: sends now.',
    source,
    run: (_, { host }) => {
      current(host)?.retry();
    },
  },
]);

export const restQueue = defineModule({
  name: 'rest_queue',
  summary:
    'Delivers accounting records and events to REST services through a queue on the disk: at least once, and in order for each call.',
  source,
  parameters,
  figures,
  commands,
  validate: ({ folder }) => {
    if (folder === '')
      throw new InvalidUse(
        'rest_queue needs a folder',
        'modparam("rest_queue", "folder", "/var/lib/siprest/queue")',
      );
    return [];
  },
  start: async (routing, values) => {
    const { host, log, listeners } = routing;
    const folder = resolve(dirname(routing.place(0)), values.folder);
    const state = host.states.get(delivery);
    state.current ??= await Delivery.open(host, values, folder);
    const used = state.current;
    if (used.folder !== folder)
      log.warning(
        `rest_queue: messages stay in ${used.folder}; another folder takes effect at the next start`,
      );
    let client: RestClient | null = null;
    listeners.inForce.add(() => {
      client = openScriptClient(routing);
      used.useMeans({ client, log });
    });
    listeners.closed.add(async () => {
      if (client === null || !used.uses(client)) return;
      state.current = null;
      await used.close();
    });
    routing.states.get(eventTransports).set('rest', restEvents(host));
  },
});
