/** SIP: messages, URIs, replies, transports, transactions. Knows no script. */

export { bestBranch } from './best-response.ts';
export {
  type BlacklistDefinition,
  type BlacklistFlag,
  type BlacklistRule,
  type BlacklistSubject,
  blacklistMatcher,
  blacklistRule,
  formatBlacklistRule,
  parseBlacklist,
  parseBlacklistRule,
} from './blacklist-rules.ts';
export { branchProcess, MAGIC_COOKIE, newBranch, randomToken } from './branch.ts';
export { Checksum } from './checksum.ts';
export {
  type ClientCounts,
  ClientTable,
  type ClientTableOptions,
} from './client-table.ts';
export {
  type ClientEnding,
  type ClientState,
  type ClientTransaction,
  type ClientTransactionOptions,
  InviteClientTransaction,
  NO_USER,
  NonInviteClientTransaction,
} from './client-transaction.ts';
export { ConnectionCount } from './connection-count.ts';
export { returnedVias } from './copy-message.ts';
export {
  type DestinationFailure,
  type DestinationOptions,
  type Destinations,
  findDestinations,
  type NameService,
  orderServices,
  type ServiceRecord,
} from './destination.ts';
export { alternativeNames } from './domain-certificate.ts';
export {
  type Avoidance,
  type FailedTarget,
  FailedTargets,
  type FailureKind,
  type TargetChange,
  targetName,
} from './failed-targets.ts';
export {
  editedMessage,
  ForwardedRequest,
  forwardRequest,
  forwardResponse,
  headerLines,
  type OwnVia,
} from './forward.ts';
export { canonicalHeaderName, headerKey, isToken } from './header-names.ts';
export {
  type HeaderText,
  headerText,
  headerTextHas,
  headerTextKeys,
  NO_HEADERS,
  oneLine,
} from './header-text.ts';
export { canListen, type ListenOptions, listen, spokenTransports } from './listen.ts';
export {
  type CSeq,
  MAX_MESSAGE_BYTES,
  type MalformedMessage,
  type ParsedMessage,
  type Replyable,
  type SipMessage,
  SipRequest,
  SipResponse,
} from './message.ts';
export { MethodCounts } from './method-counts.ts';
export { NameAddr, parseNameAddr, parseNameAddrs } from './name-addr.ts';
export { type Asking, DEFAULT_ASKING, DnsNames, type DnsNamesOptions } from './names.ts';
export { ownCopy } from './own-copy.ts';
export { findParameter, type Parameter, parseParameters, splitList } from './parameters.ts';
export { parseMessage } from './parse-message.ts';
export {
  ProxyCore,
  type ProxyCoreOptions,
  type StatelessCounts,
  type StatelessOptions,
} from './proxy-core.ts';
export { proxyNetworks } from './proxy-protocol.ts';
export { ProxyTransaction } from './proxy-transaction.ts';
export type {
  Branch,
  BranchSpec,
  BranchState,
  Failure,
  HeaderChange,
  MessageEdits,
  ProxyHooks,
  ProxySettings,
  RelayOutcome,
  ReplyVerdict,
  RequestEdits,
  ResponseEdits,
  SendingSocket,
  Target,
} from './proxy-types.ts';
export { reasonPhrase } from './reason-phrases.ts';
export { buildReply, isStatus, type ReplyContent, replyDestination, sendReply } from './reply.ts';
export { buildCancel, buildDialogRequest, buildRequest, type RequestContent } from './request.ts';
export { type Header, unfold } from './scan.ts';
export type {
  Ending,
  SendOptions,
  ServerState,
  ServerTransaction,
  ServerUser,
} from './server-transaction.ts';
export { type Advertised, isLocalAddress, SocketRegistry } from './socket-registry.ts';
export { StatusCounts } from './status-counts.ts';
export type { Closing, StreamConnection } from './stream-connection.ts';
export { StreamFramer } from './stream-framer.ts';
export { DEFAULT_LIMITS, type StreamLimits } from './stream-limits.ts';
export {
  type ConnectionChange,
  type StreamCounts,
  type StreamOptions,
  StreamTransport,
} from './stream-transport.ts';
export { DEFAULT_PROXY_TIMEOUTS, RFC_TIMERS, type TimerValues } from './timers.ts';
export { isFactFor, type TlsFacts } from './tls-connection.ts';
export {
  type ClientChoice,
  defaultClientDomain,
  type SecurePeer,
  type TlsDomain,
  type TlsDomainSet,
  TlsDomains,
  tls,
} from './tls-domains.ts';
export { StatelessTags } from './to-tag.ts';
export {
  type CreateOptions,
  type TransactionCounts,
  type TransactionOwner,
  TransactionTable,
  type TransactionTableOptions,
  transactionKey,
} from './transaction-table.ts';
export { type Source, type Transport, transportName } from './transport.ts';
export {
  DEFAULT_PROTOCOL,
  DEFAULT_SECURE_PROTOCOL,
  defaultPort,
  isProtocol,
  PROTOCOLS,
  type Protocol,
  secureTransportParameter,
  splitProtocol,
  TRANSPORTS,
  transportParameter,
} from './transports.ts';
export {
  type EndedEvent,
  type IncomingEvent,
  RequestError,
  type RequestEvent,
  type ResponseEvent,
  type SentEvent,
  type SipRequestOptions,
  sendRequest,
} from './uac.ts';
export { type UdpCounts, type UdpOptions, UdpTransport } from './udp-transport.ts';
export {
  bareHost,
  formatUri,
  type HostPort,
  isHost,
  parseHostPort,
  parseUri,
  type Uri,
  type UriKind,
  uriKind,
  uriParameter,
  uriProtocol,
  uriTransport,
  withHost,
  withParams,
  withPassword,
  withPort,
  withUser,
} from './uri.ts';
export { formatHostPort, parseVia, Via } from './via.ts';
export type { WebSocketRules } from './websocket-handshake.ts';
