/**
 * The tls_mgm module: TLS domains of SIP connections, and client domains for rest_init_client_tls(). Source:
 * modules/tls_mgm of the manual; vectors tls-domain-*; RFC 5922.
 */
import { tlsChoice } from '../../relay/index.ts';
import { defineModule } from '../../runtime/index.ts';
import { choiceOf } from './choice.ts';
import { tlsCommands } from './commands.ts';
import { loadDomains, restDomainsOf, ScriptDomains, scriptDomains, shareTicketSecret } from './domains.ts';
import { tlsMgmParameters } from './parameters.ts';
import { isPeerVerified, tlsVariables } from './variables.ts';

export { clientDomainNames } from './definitions.ts';
export { clientTlsDomains } from './domains.ts';
export { tlsMgmParameters } from './parameters.ts';

export const tlsMgm = defineModule({
  name: 'tls_mgm',
  summary: 'TLS domains: certificates and checks of SIP connections and REST requests.',
  source: 'modules/tls_mgm',
  parameters: tlsMgmParameters,
  // reads the files now, so that an unusable certificate prevents the start
  validate: (values) => {
    const warnings: string[] = [];
    const { all } = new ScriptDomains(values, {
      warn: (text) => warnings.push(text),
      now: () => 0,
      ticketSecret: null,
    });
    restDomainsOf(values);
    for (const { definition, domain } of all) {
      const trustsNobody = !definition.values.has('ca_list') && !definition.values.has('ca_dir');
      if (definition.kind === 'server' && domain.verifiesPeer && trustsNobody)
        warnings.push(
          `server_domain "${domain.name}" refuses every certificate of a client: it has no ca_list or ca_dir; set verify_cert to 0 if clients need none`,
        );
    }
    return warnings;
  },
  start: async (routing, values) => {
    await shareTicketSecret(routing.host);
    loadDomains(routing, values);
    const apply = () => routing.host.tls.use(routing.states.get(scriptDomains));
    // at the start there are sockets before modules
    if (routing.host.tls.current === null) apply();
    routing.listeners.inForce.add(apply);
    routing.states.set(tlsChoice, choiceOf(values));
  },
  commands: tlsCommands,
  functions: [
    {
      name: 'is_peer_verified',
      arguments: [],
      routes: ['route'],
      summary: 'Whether the request arrived over TLS from a peer whose certificate is trusted: 1 or -1.',
      source: 'modules/tls_mgm',
      run: (run) => (isPeerVerified(run) ? 1 : -1),
    },
  ],
  variables: tlsVariables,
});
