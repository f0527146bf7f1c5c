/** Figures of SIP: messages, transactions, connections. */
import { type FigureSpec, labelled } from '../../runtime/index.ts';
import type { StatusCounts } from '../../sip/index.ts';
import { type FigureSource, sum } from './source.ts';

const finalOnes = (counts: StatusCounts) => [...counts.entries()].filter(([status]) => Number(status) >= 200);

/** How long a server counts as overloaded after a refusal, in ms. */
const overloadLasts = 5000;

/** Whether a process refused a request because of overload in the last seconds. */
export const isOverloaded = ({ clock, received }: Pick<FigureSource, 'clock' | 'received'>): boolean =>
  clock.now() - received.overloadedAt < overloadLasts;

export const sipFigures: readonly FigureSpec<FigureSource>[] = [
  {
    name: 'requests',
    kind: 'counter',
    unit: 'messages',
    summary: 'Received SIP requests, including retransmissions.',
    read: ({ received }) => received.requests,
  },
  {
    name: 'responses',
    kind: 'counter',
    unit: 'messages',
    summary: 'Received SIP responses.',
    read: ({ received }) => received.responses,
  },
  {
    name: 'replies',
    kind: 'counter',
    unit: 'calls',
    labels: ['status'],
    summary: 'Sent final replies by status, without retransmissions.',
    read: (host) => labelled([...host.replies.entries(), ...finalOnes(host.stateless)]),
  },
  {
    name: 'requests_by_method',
    kind: 'counter',
    unit: 'messages',
    labels: ['method'],
    summary: 'Received SIP requests by method, including retransmissions.',
    read: ({ received }) => labelled(received.requestsByMethod.entries()),
  },
  {
    name: 'responses_by_method',
    kind: 'counter',
    unit: 'messages',
    labels: ['method', 'class'],
    summary: 'Received SIP responses by method and class of their status.',
    read: ({ received }) => labelled(received.responsesByMethod.entries()),
  },
  {
    name: 'replies_by_method',
    kind: 'counter',
    unit: 'messages',
    labels: ['method', 'class'],
    summary: 'Sent final replies, and stateless provisional ones, by method and class of their status.',
    read: ({ replies, stateless }) =>
      labelled([...replies.byMethod.entries(), ...stateless.byMethod.entries()]),
  },
  {
    name: 'stateless_replies',
    kind: 'counter',
    unit: 'messages',
    labels: ['status'],
    summary: 'Replies sent without a transaction by status, including provisional ones.',
    read: (host) => labelled(host.stateless.entries()),
  },
  {
    name: 'stateless_acks',
    kind: 'counter',
    unit: 'messages',
    summary: 'ACKs to replies without a transaction; scripts do not see them.',
    read: ({ received }) => received.ownAcks,
  },
  {
    name: 'transaction_replies',
    kind: 'counter',
    unit: 'messages',
    labels: ['origin'],
    summary:
      'Responses received by transactions, replies that they relayed, and replies that siprest generated; including provisional ones.',
    read: ({ proxy, transactions }) => ({
      received: proxy.clients.responses,
      relayed: transactions.sent.relayed,
      local: transactions.sent.local,
    }),
  },
  {
    name: 'forwarded',
    kind: 'counter',
    unit: 'messages',
    labels: ['of'],
    summary: 'Messages forwarded without a transaction.',
    read: ({ proxy }) => ({
      requests: proxy.counts.requests,
      responses: proxy.counts.responses,
    }),
  },
  {
    name: 'refused',
    kind: 'counter',
    unit: 'calls',
    summary: 'Requests answered 503 because of overload, or because the server is stopping.',
    read: ({ received }) => received.refused,
  },
  {
    name: 'overloaded',
    kind: 'gauge',
    unit: 'processes',
    summary: 'Processes that refused a request because of overload in the last 5 s.',
    read: (host) => (isOverloaded(host) ? 1 : 0),
  },
  {
    name: 'dropped',
    kind: 'counter',
    unit: 'messages',
    labels: ['reason'],
    summary:
      'Messages dropped without a reply: malformed ones, requests beyond the limit of 503 replies, responses that match no branch or that a script dropped, and messages that another process did not accept in time.',
    read: ({ received, proxy, peers }) => ({
      malformed: received.malformed,
      malformed_response: received.malformedResponses,
      response: proxy.counts.dropped,
      overload: received.dropped,
      handover: peers?.lost ?? 0,
    }),
  },
  {
    name: 'handed_over',
    kind: 'counter',
    unit: 'messages',
    summary: 'Messages passed to the process that owns their transaction.',
    read: ({ received }) => received.handedOver,
  },
  {
    name: 'transactions',
    kind: 'gauge',
    unit: 'transactions',
    labels: ['side'],
    summary: 'Transactions in memory, including those that only absorb retransmissions.',
    read: (host) => ({ server: host.transactions.size, client: host.proxy.clients.size }),
  },
  {
    name: 'unfinished',
    kind: 'gauge',
    unit: 'calls',
    summary:
      'Requests that wait for their final reply or its ACK, and running scripts. A stopping server waits for them.',
    read: (host) => host.transactions.unsettled + sum(host.routings, ({ unfinished }) => unfinished),
  },
  {
    name: 'transactions_begun',
    kind: 'counter',
    unit: 'transactions',
    labels: ['side'],
    summary: 'Transactions of received, forwarded and generated requests.',
    read: ({ transactions, proxy, ownRequests }) => ({
      server: transactions.counts.created,
      client: proxy.clients.counts.created - ownRequests.count,
      own: ownRequests.count,
    }),
  },
  {
    name: 'retransmissions',
    kind: 'counter',
    unit: 'messages',
    labels: ['of'],
    summary: 'Retransmissions: of requests, by their count up to the third and above, and of replies.',
    read: ({ transactions, proxy }) => {
      const [first, second, third, later] = proxy.clients.again;
      return { first, second, third, later, replies: transactions.sent.again };
    },
  },
  {
    name: 'replies_withheld',
    kind: 'counter',
    unit: 'messages',
    summary: 'Final replies not retransmitted, because their destination sends no ACKs.',
    read: ({ transactions }) => transactions.sent.withheld,
  },
  {
    name: 'targets_avoided',
    kind: 'gauge',
    unit: 'targets',
    labels: ['reason'],
    summary:
      'Targets that failed lately and are avoided: by no response in time, a transport error (ICMP, a refused connection, TLS), or 503.',
    // all processes have the same ones
    read: ({ number, failedTargets }) =>
      number > 0 ? {} : labelled(failedTargets.all.map(({ kind }) => [kind, 1])),
  },
  {
    name: 'target_failures',
    kind: 'counter',
    unit: 'messages',
    labels: ['reason'],
    summary: 'Requests whose target failed, by the same reasons.',
    read: ({ failedTargets }) => ({ ...failedTargets.counts }),
  },
  {
    name: 'targets_passed_over',
    kind: 'counter',
    unit: 'messages',
    summary: 'Requests that went elsewhere, or nowhere, because a target is avoided.',
    read: ({ failedTargets }) => failedTargets.passedOver,
  },
  {
    name: 'sip_connections',
    kind: 'gauge',
    unit: 'connections',
    summary: 'Connections of SIP over TCP and TLS.',
    read: (host) => sum(host.sockets, ({ transport }) => transport.size ?? 0),
  },
  {
    name: 'sip_connections_begun',
    kind: 'counter',
    unit: 'connections',
    labels: ['how'],
    summary:
      'Connections of SIP over TCP and TLS: accepted, opened by siprest, and refused by a limit; of open sockets.',
    read: ({ sockets }) =>
      labelled(sockets.flatMap(({ transport }) => Object.entries(transport.connectionCounts ?? {}))),
  },
];
