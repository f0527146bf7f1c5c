/** Names to addresses, the address race, descriptor shortage, proxies. */

export type { Connect, ConnectTarget, ExpectedServer, Wire } from './connect.ts';
export { ConnectRace, discard, type RaceFailure } from './connect-race.ts';
export type { DnsAnswer, DnsFailure, Questions } from './dns-client.ts';
export type { NamingPointer, RecordData, RecordType, ServiceRecord } from './dns-message.ts';
export { hostAndPort, isIP, isIPv6 } from './ip-address.ts';
export { type LookupCallback, type LookupFunction, type Names, namesOf } from './lookup.ts';
export { Networks } from './networks.ts';
export { Proxies, type Proxy, type UnusableProxy } from './proxies.ts';
export {
  type LookupOptions,
  NameResolver,
  type NameResolverOptions,
} from './resolver.ts';
export type { Shortage } from './shortage.ts';
export { sourceAddressTowards } from './source-address.ts';
export type { Address } from './system-files.ts';
