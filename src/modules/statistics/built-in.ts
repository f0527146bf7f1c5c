/**
 * The built-in statistics of OpenSIPS that apply to siprest, each read from the server's own figures. Source:
 * Interface-CoreStatistics of the manual, modules/sl, modules/tm.
 */
import type { Figure } from '../../runtime/index.ts';

/** A figure of one process, by its name. */
export type FigureReader = (name: string) => Figure;

export interface BuiltInStatistic {
  readonly group: string;
  readonly name: string;
  /** Counters can be reset, computed values cannot. */
  readonly kind: 'counter' | 'computed';
  /** How to combine the values of several processes. */
  readonly over: 'sum' | 'max' | 'mean';
  readonly summary: string;
  /** The value in one process. */
  readonly read: (figure: FigureReader) => number;
}

/** Groups searched for a name without a group. */
export const coreGroups: readonly string[] = ['core', 'load', 'shmem', 'pkmem'];

type Read = BuiltInStatistic['read'];
type Row = readonly [name: string, read: Read, summary: string];

function group(
  name: string,
  kind: BuiltInStatistic['kind'],
  over: BuiltInStatistic['over'],
  rows: readonly Row[],
): readonly BuiltInStatistic[] {
  return rows.map(([statistic, read, summary]) => ({
    group: name,
    name: statistic,
    kind,
    over,
    summary,
    read,
  }));
}

/** A figure, or the part of it with one label. */
const of =
  (name: string, label?: string): Read =>
  (figure) => {
    const value = figure(name);
    if (typeof value === 'number') return label === undefined ? value : 0;
    return label === undefined ? 0 : (value[label] ?? 0);
  };

const percent = (label: string): Read => {
  const read = of('load', label);
  return (figure) => Math.round(read(figure));
};

/** A part of the memory, or the difference of two parts, in bytes. */
const bytes = (label: string, less?: string): Read => {
  const [read, other] = [of('memory', label), less === undefined ? () => 0 : of('memory', less)];
  return (figure) => Math.round((read(figure) - other(figure)) * 1024 * 1024);
};

/** Statuses of a class, or all of them. */
const statuses =
  (name: string, first = ''): Read =>
  (figure) => {
    const value = figure(name);
    if (typeof value === 'number') return value;
    let sum = 0;
    for (const [status, count] of Object.entries(value)) if (status.startsWith(first)) sum += count;
    return sum;
  };

const classes = ['1', '2', '3', '4', '5', '6'] as const;

const core: readonly Row[] = [
  ['rcv_requests', of('requests'), 'Received requests.'],
  ['rcv_replies', of('responses'), 'Received responses.'],
  ['fwd_requests', of('forwarded', 'requests'), 'Requests forwarded without a transaction.'],
  ['fwd_replies', of('forwarded', 'responses'), 'Responses forwarded without a transaction.'],
  ['drop_requests', of('dropped', 'overload'), 'Requests dropped before the script because of overload.'],
  ['drop_replies', of('dropped', 'response'), 'Responses that match no branch, or that a reply route drops.'],
  ['err_requests', of('dropped', 'malformed'), 'Messages that are not SIP, and malformed requests.'],
  ['err_replies', of('dropped', 'malformed_response'), 'Malformed responses.'],
];

const load: readonly Row[] = [
  ['load', percent('second'), 'How busy the processes were in the last second, in percent.'],
  ['load1m', percent('minute'), 'The same for the last minute.'],
  ['load10m', percent('ten_minutes'), 'The same for the last ten minutes.'],
];

const memory: readonly Row[] = [
  ['total_size', bytes('heap_limit'), 'The size limit of the JavaScript heaps, in bytes.'],
  ['used_size', bytes('heap'), 'Bytes in use.'],
  ['real_used_size', bytes('heap_reserved'), 'Bytes reserved.'],
  ['max_used_size', bytes('heap_peak'), 'The peak usage, sampled every second.'],
  ['free_size', bytes('heap_limit', 'heap_reserved'), '`total_size` minus `real_used_size`.'],
];

const sl: readonly Row[] = [
  ...classes.map(
    (first): Row => [
      `${first}xx_replies`,
      statuses('stateless_replies', first),
      `${first}xx replies sent without a transaction.`,
    ],
  ),
  ['sent_replies', statuses('stateless_replies'), 'All replies sent without a transaction.'],
  ['received_ACKs', of('stateless_acks'), 'ACKs to those replies.'],
];

const tm: readonly Row[] = [
  ['received_replies', of('transaction_replies', 'received'), 'Responses received by transactions.'],
  ['relayed_replies', of('transaction_replies', 'relayed'), 'Replies that transactions passed on.'],
  ['local_replies', of('transaction_replies', 'local'), 'Replies of transactions that were made here.'],
  ['UAS_transactions', of('transactions_begun', 'server'), 'Transactions of requests that came in.'],
  ['UAC_transactions', of('transactions_begun', 'own'), 'Transactions of `t_new_request()`.'],
  ...classes.slice(1).map((first): Row => {
    const [all, stateless] = [statuses('replies', first), statuses('stateless_replies', first)];
    return [
      `${first}xx_transactions`,
      (figure) => all(figure) - stateless(figure),
      `Transactions that were answered with ${first}xx.`,
    ];
  }),
  ['retransmission_req_T1_1', of('retransmissions', 'first'), 'Requests sent again for the first time.'],
  ['retransmission_req_T1_2', of('retransmissions', 'second'), 'Those sent again for the second time.'],
  ['retransmission_req_T1_3', of('retransmissions', 'third'), 'Those sent again for the third time.'],
  ['retransmission_req_T2', of('retransmissions', 'later'), 'Those sent again more often.'],
  ['retransmission_rpl_T2', of('retransmissions', 'replies'), 'Replies sent again.'],
];

const dialogCounters: readonly Row[] = [
  ['processed_dialogs', of('dialogs_begun', 'all'), 'All dialogs since the start.'],
  ['expired_dialogs', of('dialogs_begun', 'expired'), 'Those whose time was over.'],
  ['failed_dialogs', of('dialogs_begun', 'failed'), 'Those that were never answered.'],
];

export const builtInStatistics: readonly BuiltInStatistic[] = [
  ...group('core', 'counter', 'sum', core),
  ...group('core', 'computed', 'max', [
    ['timestamp', of('uptime'), 'The uptime of the oldest process, in seconds.'],
  ]),
  ...group('load', 'computed', 'mean', [
    ...load,
    // there are no other processes
    ...load.map(([name, read]): Row => [`${name}-all`, read, `The same as \`${name}\`.`]),
  ]),
  ...group('shmem', 'computed', 'sum', memory),
  ...group('sl', 'counter', 'sum', sl),
  ...group('tm', 'counter', 'sum', tm),
  ...group('tm', 'computed', 'sum', [
    ['inuse_transactions', of('transactions', 'server'), 'Server transactions in progress.'],
  ]),
  ...group('dialog', 'counter', 'sum', dialogCounters),
  ...group('dialog', 'computed', 'sum', [
    ['active_dialogs', of('dialogs', 'answered'), 'Dialogs that were answered and have not ended.'],
    ['early_dialogs', of('dialogs', 'early'), 'Dialogs that ring.'],
  ]),
];

export interface ProcessStatistic {
  readonly group: string;
  readonly name: (process: number | 'N') => string;
  /** The row of {@link builtInStatistics} that tells it of all of them. */
  readonly all: BuiltInStatistic;
}

/** Those of one process each. */
export const processStatistics: readonly ProcessStatistic[] = builtInStatistics.flatMap((all) => {
  if (all.group === 'load' && !all.name.endsWith('-all'))
    return [{ group: 'load', name: (process) => `${all.name}-proc-${process}`, all }];
  if (all.group === 'shmem') return [{ group: 'pkmem', name: (process) => `${process}-${all.name}`, all }];
  return [];
});
