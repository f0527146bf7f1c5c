/**
 * The tls_mgm module: TLS client domains for rest_init_client_tls(). Parameters of a domain have the form
 * `[domain]value`. Source: modules/tls_mgm of the manual; vectors tls-domain-*.
 */
import { RestOptionError, TlsClientDomain } from '../rest/index.ts';
import { defineModule, type Routing, StateKey } from '../runtime/index.ts';
import {
  defineParameter,
  defineParameters,
  InvalidUse,
  type ParameterSpec,
  type RowValues,
} from '../script/index.ts';

/** By name; empty unless tls_mgm is loaded. */
export const clientTlsDomains = new StateKey<Routing, Map<string, TlsClientDomain>>(
  'TLS client domains',
  () => new Map(),
);

type SecureVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

const versions: Readonly<Record<string, SecureVersion>> = {
  TLSv1: 'TLSv1',
  TLSv1_1: 'TLSv1.1',
  TLSv1_2: 'TLSv1.2',
  TLSv1_3: 'TLSv1.3',
};

interface Domain {
  readonly name: string;
  /** Parameters of the `[domain]value` form, by name. */
  readonly values: ReadonlyMap<string, string>;
}

const noServer = 'siprest does not accept TLS connections yet';

const perDomain = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({
    name,
    type: 'string',
    default: null,
    repeated: true,
    summary: `\`[domain]value\`: ${summary}`,
    source: 'modules/tls_mgm',
  });

const inertPerDomain = <const Name extends string>(name: Name, summary: string, inert: string) =>
  defineParameter({ ...perDomain(name, summary), inert });

const domainParameters = defineParameters([
  perDomain(
    'match_ip_address',
    'the SIP destinations that use the domain; rest_init_client_tls() ignores it',
  ),
  perDomain('match_sip_domain', 'the SIP domains that use the domain; rest_init_client_tls() ignores it'),
  perDomain('certificate', 'the certificate file, with intermediate certificates after it'),
  perDomain('private_key', 'the private key file'),
  perDomain('ca_list', 'a file of trusted CAs'),
  perDomain('ca_dir', 'a folder of trusted CAs'),
  perDomain('verify_cert', "whether to verify the server's certificate, 1 or 0; default: ssl_verifypeer"),
  perDomain('require_cert', 'whether the peer must present a certificate; a TLS server always does'),
  perDomain('tls_method', '`TLSv1_2`, `TLSv1_3`, or a range such as `TLSv1_2-`'),
  perDomain('ciphers_list', 'the cipher list, in OpenSSL format'),
  inertPerDomain('crl_dir', 'a folder of revoked certificates', 'siprest does not read revocation lists'),
  inertPerDomain(
    'crl_check_all',
    'whether revocation is checked for the whole chain',
    'siprest does not read revocation lists',
  ),
  inertPerDomain(
    'dh_params',
    'Diffie-Hellman parameters',
    'the TLS server chooses them, and siprest is only a client',
  ),
  inertPerDomain('ec_curve', 'the elliptic curve', "OpenSSL's default is used"),
]);

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
    summary: 'Defines a client domain by its name.',
  },
  {
    name: 'server_domain',
    type: 'string',
    default: null,
    repeated: true,
    summary: 'Defines a server domain.',
    inert: noServer,
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
    summary: 'The AVP that names the domain of SIP connections.',
    inert: 'siprest does not support TLS for SIP yet',
  },
  ...domainParameters,
  ...ofDatabase.map(
    (name): ParameterSpec => ({
      name,
      type: 'string',
      default: null,
      summary: 'Accepted without effect.',
      inert: 'siprest has no database support; use client_domain to define domains',
    }),
  ),
]);

type Values = RowValues<typeof tlsMgmParameters>;

/** The names that `client_domain` defines, in order. */
export const clientDomainNames = ({ client_domain }: Values): readonly string[] =>
  client_domain.map(domainName);

const domainName = (text: string): string => text.split('=')[0]?.trim() ?? '';

function domainsOf(values: Values): Domain[] {
  const names = clientDomainNames(values);
  const others = new Set(values.server_domain.map(domainName));
  const settings = new Map(names.map((name) => [name, new Map<string, string>()]));
  for (const { name: parameter } of domainParameters) {
    for (const text of values[parameter]) {
      const match = /^\[([^\]]+)\](.*)$/s.exec(text);
      if (match === null)
        throw new InvalidUse(
          `${parameter} "${text}" does not name a domain`,
          `use [${names[0] ?? 'domain'}]${text}`,
        );
      const [, domain = '', value = ''] = match;
      const own = settings.get(domain);
      if (own === undefined && !others.has(domain))
        throw new InvalidUse(`${parameter} refers to the domain "${domain}", which no client_domain defines`);
      own?.set(parameter, value);
    }
  }
  return [...settings].map(([name, values]) => ({ name, values }));
}

function versionRange(method: string | undefined): {
  minVersion?: SecureVersion;
  maxVersion?: SecureVersion;
} {
  if (method === undefined || method === 'SSLv23' || method === '-') return {};
  const [low = '', high] = method.split('-');
  const version = (name: string): SecureVersion | undefined => {
    if (name === '') return undefined;
    const known = versions[name];
    if (known === undefined)
      throw new InvalidUse(
        `unknown tls_method "${name}"`,
        `${Object.keys(versions).join(', ')}, SSLv23, or a range of them`,
      );
    return known;
  };
  const minVersion = version(low);
  const maxVersion = high === undefined ? minVersion : version(high);
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(maxVersion === undefined ? {} : { maxVersion }),
  };
}

function build({ name, values }: Domain): TlsClientDomain {
  const verify = values.get('verify_cert');
  if (verify !== undefined && !/^[01]$/.test(verify))
    throw new InvalidUse(`verify_cert of "${name}" is "${verify}"`, '1 or 0');
  try {
    return new TlsClientDomain({
      name,
      certificate: values.get('certificate'),
      privateKey: values.get('private_key'),
      caList: values.get('ca_list'),
      caPath: values.get('ca_dir'),
      verifyPeer: verify === undefined ? undefined : verify === '1',
      verifyHost: verify === '0' ? false : undefined,
      ciphers: values.get('ciphers_list'),
      ...versionRange(values.get('tls_method')),
    });
  } catch (error) {
    if (error instanceof RestOptionError) throw new InvalidUse(`client_domain "${name}": ${error.message}`);
    throw error;
  }
}

export const tlsMgm = defineModule({
  name: 'tls_mgm',
  summary: 'TLS client domains for REST requests.',
  source: 'modules/tls_mgm',
  parameters: tlsMgmParameters,
  // reads the files now, so that an unusable certificate prevents the start
  validate: (values) => {
    domainsOf(values).forEach(build);
    return [];
  },
  start: (routing, values) => {
    const domains = routing.states.get(clientTlsDomains);
    for (const domain of domainsOf(values)) domains.set(domain.name, build(domain));
  },
});
