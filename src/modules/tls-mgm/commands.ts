/** Administration commands of tls_mgm. Source: modules/tls_mgm of the manual, its MI functions. */
import { CommandError, defineCommands, messageOf } from '../../runtime/index.ts';
import { loadDomains, scriptDomains, type UsedDomain } from './domains.ts';
import { tlsMgmParameters } from './parameters.ts';

const source = 'modules/tls_mgm';

function shown({ definition: { kind, values }, domain, rule }: UsedDomain) {
  const addresses = rule.addresses?.map(({ address, port }) => {
    const host = address.includes(':') ? `[${address}]` : address;
    return port === null ? host : `${host}:${port}`;
  });
  return {
    name: domain.name,
    type: kind === 'server' ? 'TLS_DOMAIN_SRV' : 'TLS_DOMAIN_CLI',
    'IP ADDRESS FILTERS': addresses ?? ['*'],
    'SIP DOMAIN FILTERS': rule.names,
    METHOD: values.get('tls_method') ?? 'SSLv23',
    VERIFY_CERT: domain.verifiesPeer,
    REQ_CLI_CERT: domain.requiresCertificate,
    CRL_CHECKALL: values.get('crl_check_all') === '1',
    CERT_FILE: values.get('certificate') ?? '',
    CRL_DIR: values.get('crl_dir') ?? '',
    CA_FILE: values.get('ca_list') ?? '',
    CA_DIR: values.get('ca_dir') ?? '',
    PKEY_FILE: values.get('private_key') ?? '',
    CIPHER_LIST: values.get('ciphers_list') ?? '',
    DH_PARAMS_FILE: values.get('dh_params') ?? '',
    EC_CURVE: values.get('ec_curve') ?? '',
  };
}

export const tlsCommands = defineCommands([
  {
    name: 'tls_mgm:list',
    aliases: ['tls_list'],
    parameters: [],
    summary: 'Lists the TLS domains.',
    source,
    run: (_, routing) => ({ Domains: routing.states.get(scriptDomains).all.map(shown) }),
  },
  {
    name: 'tls_mgm:reload',
    aliases: ['tls_reload'],
    parameters: [],
    processes: 'every',
    summary:
      'Reads the certificates, keys and lists of all domains again, for new connections; if one cannot be used nothing changes.',
    source,
    run: (_, routing) => {
      try {
        loadDomains(routing, routing.parameters(tlsMgmParameters));
      } catch (error) {
        throw new CommandError(500, messageOf(error));
      }
      routing.host.tls.use(routing.states.get(scriptDomains));
    },
  },
]);
