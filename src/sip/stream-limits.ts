/** Limits of the sockets of stream transports and of their connections. */
import { MAX_MESSAGE_BYTES } from './message.ts';

export interface StreamLimits {
  /** Incoming connections in total, those in the handshake included. Default 2048. */
  readonly accepted: number;
  /** Incoming connections from one address. Default 512. */
  readonly acceptedFromOne: number;
  /** Outgoing connections in total. Default 2048. */
  readonly opened: number;
  /** Size of start line and headers, in bytes. Default 65,535. */
  readonly headerBytes: number;
  /** Size of a message, in bytes. Default 65,535. */
  readonly messageBytes: number;
  /** Bytes queued for a peer that does not read. Default 1 MiB. */
  readonly queueBytes: number;
  /** In ms. Default 10,000. */
  readonly connectTimeout: number;
  /** Time for each handshake: the PROXY header, that of TLS, that of WebSocket; in ms. Default 10,000. */
  readonly handshakeTimeout: number;
  /** Time without a byte in either direction, in ms; a WebSocket is pinged after half of it. Default 120,000. */
  readonly idleTimeout: number;
  /** Time without a byte until the system asks whether the peer still exists, in ms; null: never. Default 30,000. */
  readonly keepAlive: number | null;
  /** Time from a message's first byte to its last, in ms. Default 30,000. */
  readonly messageTimeout: number;
}

export const DEFAULT_LIMITS: StreamLimits = {
  accepted: 2048,
  acceptedFromOne: 512,
  opened: 2048,
  headerBytes: MAX_MESSAGE_BYTES,
  messageBytes: MAX_MESSAGE_BYTES,
  queueBytes: 1024 * 1024,
  connectTimeout: 10_000,
  handshakeTimeout: 10_000,
  idleTimeout: 120_000,
  keepAlive: 30_000,
  messageTimeout: 30_000,
};
