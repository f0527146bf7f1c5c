/** The parameters of tls_mgm. Those of a domain have the form `[domain]value`. Source: modules/tls_mgm of the manual. */
import { defineParameter, defineParameters, type ParameterSpec, type RowValues } from '../../script/index.ts';

const perDomain = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({
    name,
    type: 'string',
    default: null,
    repeated: true,
    summary: `\`[domain]value\`: ${summary}`,
    source: 'modules/tls_mgm',
  });

export const domainParameters = defineParameters([
  perDomain(
    'match_ip_address',
    'the addresses that use the domain, `ip:port, ...` or `*`: where a server accepts, or where a client connects to. Default `*`',
  ),
  perDomain(
    'match_sip_domain',
    'the SIP domains that use the domain, `name, *.name, ...` or `*`: the server name of a client, `none` without one; for a client domain the AVP of client_sip_domain_avp. Default `*`',
  ),
  perDomain('certificate', 'the certificate file, with intermediate certificates after it'),
  perDomain('private_key', 'the private key file'),
  perDomain(
    'ca_list',
    "a file of trusted CAs. Without ca_list and ca_dir a server domain trusts none, a client domain those of Node.js, for REST the client's",
  ),
  perDomain('ca_dir', 'a folder of trusted CAs, with hashed names or as PEM files'),
  perDomain('crl_dir', 'a folder of revocation lists, which must include one of the issuer'),
  perDomain(
    'crl_check_all',
    'whether revocation is checked for the whole chain, 1 or 0. Default 0: the peer alone',
  ),
  perDomain(
    'verify_cert',
    "whether the peer's certificate must be trusted, 1 or 0. Default 1; for REST ssl_verifypeer",
  ),
  perDomain(
    'require_cert',
    'whether a client must present a certificate, 1 or 0, if verify_cert is 1. Default 1; a TLS server always presents one',
  ),
  perDomain(
    'verify_domain',
    'whether the certificate of a server must be for the SIP domain that led there (RFC 5922), 1 or 0, if verify_cert is 1. Default 1; not for REST',
  ),
  perDomain('tls_method', '`TLSv1_2`, `TLSv1_3`, or a range such as `TLSv1_2-`. Default: 1.2 and 1.3'),
  perDomain('ciphers_list', 'the cipher list, in OpenSSL format'),
  perDomain('dh_params', 'a file of Diffie-Hellman parameters, which ciphers with DHE need'),
  perDomain('ec_curve', 'the elliptic curves, `P-256:X25519`'),
]);

export type DomainParameter = (typeof domainParameters)[number]['name'];

/** The database parameters of OpenSIPS. */
const ofDatabase: readonly string[] = [
  'db_url',
  'db_table',
  'domain_col',
  'match_ip_address_col',
  'match_sip_domain_col',
  'tls_method_col',
  'verify_cert_col',
  'require_cert_col',
  'certificate_col',
  'private_key_col',
  'crl_check_all_col',
  'crl_dir_col',
  'ca_list_col',
  'ca_dir_col',
  'cipher_list_col',
  'dh_params_col',
  'ec_curve_col',
];

export const tlsMgmParameters = defineParameters([
  {
    name: 'client_domain',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'Defines a client domain by its name: for connections that siprest opens, SIP and REST.',
  },
  {
    name: 'server_domain',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'Defines a server domain by its name: for SIP connections that siprest accepts.',
  },
  {
    name: 'tls_library',
    type: 'string',
    default: 'auto',
    summary: 'The TLS library.',
    inert: 'Node.js has OpenSSL built in',
  },
  {
    name: 'client_tls_domain_avp',
    type: 'string',
    default: null,
    summary: 'The AVP that names the client domain of a request, if a connection has to be opened for it.',
  },
  {
    name: 'client_sip_domain_avp',
    type: 'string',
    default: null,
    summary: 'The AVP with the SIP domain by which `match_sip_domain` selects the client domain.',
  },
  ...domainParameters,
  ...ofDatabase.map(
    (name): ParameterSpec => ({
      name,
      type: 'string',
      default: null,
      summary: 'Accepted without effect.',
      inert: 'siprest has no database support; use client_domain and server_domain to define domains',
    }),
  ),
]);

export type Values = RowValues<typeof tlsMgmParameters>;
