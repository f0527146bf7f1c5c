/** SIP: messages, URIs, replies, transports, transactions. Knows no script. */
export { branchProcess, MAGIC_COOKIE, newBranch, randomToken } from './branch.ts';
export {
  type ClientEnding,
  type ClientState,
  type ClientTransaction,
  type ClientTransactionOptions,
  InviteClientTransaction,
  NonInviteClientTransaction,
} from './client-transaction.ts';
export { canonicalHeaderName, headerKey, isToken } from './header-names.ts';
export { type HeaderText, headerText, NO_HEADERS, oneLine } from './header-text.ts';
export {
  type CSeq,
  type MalformedMessage,
  type ParsedMessage,
  parseMessage,
  type Replyable,
  type SipMessage,
  SipRequest,
  SipResponse,
} from './message.ts';
export { NameAddr, parseNameAddr, parseNameAddrs } from './name-addr.ts';
export { findParameter, type Parameter, parseParameters, splitList } from './parameters.ts';
export { reasonPhrase } from './reason-phrases.ts';
export { buildReply, isStatus, type ReplyContent, replyDestination, sendReply } from './reply.ts';
export { type Header, unfold } from './scan.ts';
export {
  type Ending,
  InviteServerTransaction,
  NonInviteServerTransaction,
  type SendOptions,
  type ServerState,
  type ServerTransaction,
} from './server-transaction.ts';
export { type Clock, RFC_TIMERS, systemClock, Timer, TimerQueue, type TimerValues } from './timers.ts';
export { StatelessTags } from './to-tag.ts';
export {
  type CreateOptions,
  type TransactionCounts,
  TransactionTable,
  type TransactionTableOptions,
} from './transaction-table.ts';
export { type Protocol, type Source, type Transport, transportName } from './transport.ts';
export { RequestError, type RequestEvent, type RequestOptions, sendRequest } from './uac.ts';
export { type UdpCounts, type UdpOptions, UdpTransport } from './udp-transport.ts';
export {
  formatUri,
  type HostPort,
  isHost,
  parseHostPort,
  parseUri,
  type Uri,
  type UriKind,
  uriKind,
  uriParameter,
  withHost,
  withParams,
  withPort,
  withUser,
} from './uri.ts';
export { formatHostPort, parseVia, Via } from './via.ts';
