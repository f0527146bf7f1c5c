/**
 * The rest_client module: rest_get(), rest_post(), rest_put() and related functions. Source: the module's
 * documentation, section by section; vectors rest-*, async-*, params-*, trans-rest-*.
 */
import { parseHeaderLine, percentDecode, percentEncode } from '../../rest/index.ts';
import { defineFunction, defineFunctions, defineModule, defineTransformations } from '../../runtime/index.ts';
import { definedNames } from '../../script/index.ts';
import { clientDomainNames, clientTlsDomains, tlsMgmParameters } from '../tls-mgm/index.ts';
import { output, refusedHeader, returnCodes, sendBody, sendType, statusOutput, url } from './arguments.ts';
import { figures } from './figures.ts';
import { parameters, validate } from './parameters.ts';
import { admit, into, moduleName, nextRequest, transfer } from './transfers.ts';

function sending(name: 'rest_post' | 'rest_put', method: 'POST' | 'PUT') {
  return defineFunction({
    name,
    arguments: [
      url,
      sendBody,
      sendType,
      { name: 'recv_body_pv', type: 'variable', gives: 'text', summary: "Gets the reply's body." },
      output('recv_ctype_pv', "Gets the reply's Content-Type."),
      statusOutput,
    ],
    summary: `An HTTP ${method}. ${returnCodes}`,
    source: 'rest_client documentation',
    admit,
    start: (invocation, target, body, type, bodyOut, typeOut, statusOut) =>
      transfer(
        invocation,
        { name, method, url: target, body, contentType: type },
        into({ body: bodyOut, contentType: typeOut, status: statusOut }),
      ),
  });
}

const functions = defineFunctions([
  {
    name: 'rest_get',
    arguments: [
      url,
      output('body_pv', "Gets the reply's body."),
      output('ctype_pv', "Gets the reply's Content-Type."),
      statusOutput,
    ],
    summary: `An HTTP GET. ${returnCodes}`,
    source: 'rest_client documentation; body_pv is optional, as in its example 1.17',
    admit,
    start: (invocation, target, bodyOut, typeOut, statusOut) =>
      transfer(
        invocation,
        { name: 'rest_get', method: 'GET', url: target },
        into({ body: bodyOut, contentType: typeOut, status: statusOut }),
      ),
  },
  sending('rest_post', 'POST'),
  sending('rest_put', 'PUT'),
  {
    name: 'rest_append_hf',
    arguments: [
      { name: 'txt', type: 'string', refuses: refusedHeader, summary: 'A header line, `Field: value`.' },
    ],
    summary:
      "Adds a header to the message's next request. -1 if the line contains a line break, its name is not a token, or the field frames the message.",
    source: 'rest_client documentation',
    run: (run, text) => {
      const line = parseHeaderLine(text);
      if (!line.ok) {
        run.complain(`rest_append_hf(): refused, ${line.reason}`);
        return -1;
      }
      const next = run.state(nextRequest);
      next.headers ??= [];
      next.headers.push(line.field);
      return 1;
    },
  },
  {
    name: 'rest_init_client_tls',
    arguments: [
      {
        name: 'tls_client_domain',
        type: 'string',
        definedBy: definedNames('tls_mgm', tlsMgmParameters, clientDomainNames),
        summary: 'A client_domain of tls_mgm.',
      },
    ],
    summary: "Uses a TLS client domain for the message's next request only. -1 if the domain is unknown.",
    source: 'rest_client documentation',
    requires: ['tls_mgm'],
    run: (run, domain) => {
      const found = run.routing.states.get(clientTlsDomains).get(domain);
      if (found === undefined) {
        run.complain(`rest_init_client_tls(): tls_mgm has no client_domain "${domain}"`);
        return -1;
      }
      run.state(nextRequest).tlsDomain = found;
      return 1;
    },
  },
]);

const transformations = defineTransformations([
  {
    name: 'rest.escape',
    arguments: [],
    urlSafe: true,
    summary: 'Percent-encodes all but unreserved characters (RFC 3986); null if the string is empty.',
    source: 'rest_client documentation; vectors trans-rest-escape-*',
    example: ['call@example.com&safe=false', '{rest.escape}', 'call%40example.com%26safe%3Dfalse'],
    apply: (text) => (text === '' ? null : percentEncode(text, 'latin1')),
  },
  {
    name: 'rest.unescape',
    arguments: [],
    summary: 'Decodes percent-encoding; truncates at an encoded NUL.',
    source: 'rest_client documentation; vectors trans-rest-unescape-*',
    example: ['1%2B1%3D2%21', '{rest.unescape}', '1+1=2!'],
    apply: (text) => {
      if (text === '') return null;
      const decoded = percentDecode(text, 'latin1');
      const nul = decoded.indexOf('\0');
      return nul < 0 ? decoded : decoded.slice(0, nul);
    },
  },
]);

export const restClient = defineModule({
  name: moduleName,
  summary: 'Queries HTTP services: GET, POST and PUT, blocking, async and launched.',
  source: 'rest_client documentation',
  parameters,
  functions,
  transformations,
  figures,
  validate,
});
