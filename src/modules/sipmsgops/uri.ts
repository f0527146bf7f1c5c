/** Functions on the request URI's parameters and form. */
import { defineFunctions, type Run } from '../../runtime/index.ts';
import { defineArgument, lowerAscii, type RouteKind, type Status } from '../../script/index.ts';
import { formatUri, type Uri, uriKind, uriParameter, withParams } from '../../sip/index.ts';

const source = 'modules/sipmsgops';
const routes: readonly RouteKind[] = ['route', 'failure_route', 'branch_route', 'local_route'];
const string = (name: string, summary: string) => defineArgument({ name, type: 'string', summary });

/** Sets the request URI; -1 for null. */
function use(run: Run, uri: Uri | null): Status {
  return uri !== null && run.request.setRequestUri(formatUri(uri)) ? 1 : -1;
}

/** The URI without the parameters of this name; null if it has none. */
function withoutParameter(uri: Uri, name: string): Uri | null {
  const wanted = lowerAscii(name.trim());
  const all = (uri.params ?? '').split(';').filter((part) => part !== '');
  const left = all.filter((part) => lowerAscii(part.split('=')[0] ?? '').trim() !== wanted);
  if (left.length === all.length) return null;
  return withParams(uri, left.length === 0 ? null : left.join(';'));
}

/** RFC 3261, 19.1.6; the host comes from the From header, since a tel URI has none. */
function sipOfTel(uri: Uri, host: string): string {
  const number = (uri.user ?? '').replace(/[-.()]/g, '');
  const params = uri.params === null ? '' : `;${uri.params}`;
  return `sip:${number}${params}@${host};user=phone`;
}

export const uriFunctions = defineFunctions([
  {
    name: 'ruri_has_param',
    arguments: [
      string('param', 'The name of the parameter.'),
      { ...string('value', 'Its value; if omitted, the parameter must have none.'), optional: true },
    ],
    routes,
    summary: 'Whether the request URI has a parameter with this value, or without a value.',
    source,
    run: (run, name, value) => {
      const { uri } = run.request;
      const found = uri === null ? null : uriParameter(uri, name);
      return found !== null && lowerAscii(found) === lowerAscii(value ?? '') ? 1 : -1;
    },
  },
  {
    name: 'ruri_add_param',
    arguments: [string('param', '`name=value`.')],
    routes,
    summary: 'Adds a parameter to the request URI. It returns -1 even on success, as in OpenSIPS.',
    source,
    run: (run, parameter) => {
      const { uri } = run.request;
      if (uri === null) return -1;
      if (parameter === '') return 1;
      if (/[@?]/.test(parameter)) {
        run.complain('ruri_add_param(): expected "name=value", without @ and ?');
        return -1;
      }
      use(run, withParams(uri, uri.params === null ? parameter : `${uri.params};${parameter}`));
      return -1;
    },
  },
  {
    name: 'ruri_del_param',
    arguments: [string('param', 'The name of the parameter.')],
    routes,
    summary: 'Removes a parameter from the request URI; false if it has no such parameter.',
    source,
    run: (run, name) => {
      const { uri } = run.request;
      if (uri !== null && name === '') return 1;
      return use(run, uri === null ? null : withoutParameter(uri, name));
    },
  },
  {
    name: 'ruri_tel2sip',
    arguments: [],
    routes,
    summary: 'Converts a TEL URI to a SIP URI with the host of the From header; true for any other URI.',
    source,
    run: (run) => {
      const { uri, message } = run.request;
      if (uri === null) return -1;
      if (uriKind(uri) !== 'tel') return 1;
      const host = message?.findFrom()?.uriParts?.host ?? null;
      return host !== null && run.request.setRequestUri(sipOfTel(uri, host)) ? 1 : -1;
    },
  },
  {
    name: 'is_uri_user_e164',
    arguments: [string('uri', 'A SIP URI.')],
    summary: 'Whether the user of the URI is an E.164 number: `+` and 2 to 15 digits.',
    source,
    run: (_, uri) => (/^(?:sips?|tel):\+[0-9]{2,15}(?:[@;:>]|$)/i.test(uri) ? 1 : -1),
  },
]);
