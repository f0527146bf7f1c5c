/** When the requests on kept HTTP/1 connections are written. */

/** A connection that has been given a request. */
interface Writing {
  write(): void;
}

/** With this many requests in one turn of the event loop, they are written before the next. */
const MANY = 8;

let waiting: Writing[] = [];

/**
 * Before a connection is reused, all pending input is read: unsolicited bytes rule it out, while later ones could not
 * be distinguished from an answer. Nothing more is read within a turn of the event loop, so the request is written
 * after the reads of the next turn.
 *
 * With many requests in one turn the loop is busy and input is read about a turn late, so bytes sent right behind an
 * answer were read with it. Such requests are written at the end of this turn already, since a turn takes a good part
 * of the time of a short request.
 */
export function writeSoon(connection: Writing): void {
  if (waiting.length === 0) setImmediate(endTurn);
  waiting.push(connection);
}

function endTurn(): void {
  const connections = waiting;
  waiting = [];
  if (connections.length < MANY) setImmediate(writeAll, connections);
  else writeAll(connections);
}

function writeAll(connections: readonly Writing[]): void {
  for (const connection of connections) connection.write();
}
