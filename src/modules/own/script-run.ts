/** What the functions of a module of one's own see of the script that calls them. */
import type { ParameterSpec, RouteKind, RowValues, Value } from '../../script/index.ts';
import type { SipMessage } from '../../sip/index.ts';

/** A script running on a message, as the functions and variables of a module see it. */
export interface ScriptRun {
  /** The reply in a reply route, else the request; null in routes that no message triggers. */
  readonly message: SipMessage | null;
  /** Whether it runs on a reply. */
  readonly isAboutReply: boolean;
  /** The kind of the route at the top of the calls: `route`, `failure_route`, ... */
  readonly routeKind: RouteKind | null;
  /** The values that the script gives the parameters of a table, or their defaults. */
  parameters<const Rows extends readonly ParameterSpec[]>(rows: Rows): RowValues<Rows>;
  /** Answers the request. False if it cannot be answered any more. */
  reply(status: number, reason: string, body?: string): boolean;
  /** Logs a line. Levels are those of scripts: -1 error, 1 warning, 2 notice, 3 info, 4 debug. */
  log(level: number, text: string): void;
  /** Logs an error with the line of the script that runs. */
  complain(message: string): void;
}

/** The process whose figures are read; states of the process are found by it. */
export interface ScriptProcess {
  /** Its number among the processes of the server, from 0. */
  readonly number: number;
}

/** The attributes of an event by name, in the order of its row. */
export type EventAttributes = Readonly<Record<string, Value>>;
