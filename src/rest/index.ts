/** The REST client. src/rest.ts exports its public part. */

export {
  type Address,
  type Connect,
  type ConnectTarget,
  type LookupCallback,
  type LookupFunction,
  NameResolver,
  type NameResolverOptions,
  type Wire,
} from '../net/index.ts';
export type { Clock, TimerHandle } from '../timers/index.ts';
export { StreamedBodyError, type StreamedOutcome, StreamedResponse } from './answer-stream.ts';
export { readCaDirectory } from './ca-directory.ts';
export { isMethod, RestClient } from './client.ts';
export { type ConnectLock, LocalConnectLock } from './connect-lock.ts';
export { RestOptionError, type RestOptionErrorCode } from './errors.ts';
export type { ErrorCode } from './failure.ts';
export { type HeaderField, type HeaderLine, parseHeaderLine } from './header-line.ts';
export type { HostSharing } from './host-sharing.ts';
export { HTTP_VERSIONS, type HttpVersion } from './http-versions.ts';
export type { LogFunction, LogLevel } from './log.ts';
export { type MockAnswer, type MockRequest, type MockResponder, RestMock } from './mock.ts';
export { CLIENT_OPTIONS, TLS_OPTIONS } from './options.ts';
export type { ConnectionCounts } from './origin-pool.ts';
export {
  BlockedOutcome,
  type ConnectTimeoutOutcome,
  type ErrorOutcome,
  type FailureOutcome,
  type LockedOutcome,
  type Outcome,
  type RefusedOutcome,
  ResponseOutcome,
  type ResponseParts,
  type ReturnCode,
  type TimeoutOutcome,
} from './outcome.ts';
export { outcomeFields, outcomeLabel, outcomeText } from './outcome-text.ts';
export { splitPem } from './pem.ts';
export { percentDecode, percentEncode, type TextEncoding } from './percent-encoding.ts';
export type {
  AuthOptions,
  CacheOptions,
  CookieOptions,
  DecodeOptions,
  RedirectOptions,
} from './policies/answer-options.ts';
export { HOST_OPTIONS, type HostOptions, type HostsOption } from './policies/host-options.ts';
export type { HostChange } from './policies/host-states.ts';
export type { ServiceFailure } from './policies/outcome-class.ts';
export { type PolicyFile, readPolicyFile } from './policies/policy-file.ts';
export { busyFor } from './policies/retry-after.ts';
export type {
  BreakerOptions,
  LimitOptions,
  ReplicaOptions,
  RetryOptions,
} from './policies/service-options.ts';
export type { Policy, Send } from './policies.ts';
export { type HoldConnectLock, type HttpRequest, withHeader } from './request.ts';
export type { RequestBody } from './request-bodies.ts';
export type { HeadersOption, RequestHeaders } from './request-headers.ts';
export type { RequestObserver } from './request-observer.ts';
export type { BodyRequestOptions, RequestOptions } from './request-options.ts';
export type { BodyPieces } from './request-stream.ts';
export type { RestClientOptions, TlsOptions } from './settings.ts';
export { RestShared, type RestSharedOptions } from './shared.ts';
export type { TargetOptions } from './targets.ts';
export { type PemSource, TlsClientDomain, type TlsClientDomainOptions } from './tls-domain.ts';
export { withKeyStrength } from './tls-store.ts';
export { type CurlOptions, toCurl } from './to-curl.ts';
export { HostCounts, TransferCounts } from './transfer-counts.ts';
export {
  type ConnectionInfo,
  type ConnectionProtocol,
  fieldsOf,
  type PhaseTimes,
  type RawHeaders,
} from './transfer-end.ts';
export { type Authority, type Scheme, urlForLog } from './url.ts';
export { url } from './url-template.ts';
export type { VariantOptions } from './variant.ts';
