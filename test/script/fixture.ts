import {
  type Catalog,
  type CheckedText,
  checkText,
  type Diagnostic,
  InvalidUse,
  renderDiagnostics,
  type VariableSpec,
} from '../../src/script/index.ts';

/** What the scripts of these tests run on: nothing, since none is run. */
export type Nothing = null;

function variable(spec: Partial<VariableSpec<Nothing>> & { readonly name: string }): VariableSpec<Nothing> {
  const set = spec.writable === true ? { set: () => true } : {};
  return { summary: '', resolve: () => ({ get: () => null, ...set }), ...spec };
}

/** Small tables with one of each kind of thing. */
export const catalog: Catalog<Nothing> = {
  settings: [
    { name: 'log_level', aliases: ['debug'], type: 'int', default: 3, minimum: -3, maximum: 4, summary: '' },
    { name: 'socket', aliases: ['listen'], type: 'socket', repeated: true, summary: '' },
    { name: 'server_signature', type: 'boolean', default: true, summary: '' },
    { name: 'server_header', type: 'string', default: null, summary: '' },
    { name: 'fork', type: 'boolean', default: true, summary: '', inert: 'workers share one process' },
  ],
  functions: [
    {
      name: 'xlog',
      summary: '',
      arguments: [
        { name: 'level', type: 'level', optional: true, leading: true, summary: '' },
        { name: 'text', type: 'string', summary: '' },
      ],
      run: () => 1,
    },
    {
      name: 'is_method',
      summary: '',
      arguments: [{ name: 'methods', type: 'static', summary: '' }],
      run: () => 1,
    },
    {
      name: 'setflag',
      summary: '',
      arguments: [{ name: 'flag', type: 'static', summary: '' }],
      run: () => 1,
    },
    {
      name: 'send_reply',
      summary: '',
      arguments: [
        { name: 'code', type: 'int', summary: '' },
        { name: 'reason', type: 'string', summary: '' },
      ],
      run: () => 1,
      routes: ['route', 'failure_route'],
    },
    {
      name: 'search',
      summary: '',
      arguments: [{ name: 'pattern', type: 'regex', summary: '' }],
      run: () => 1,
    },
    {
      name: 'cache_store',
      summary: '',
      arguments: [
        { name: 'storage', type: 'static', oneOf: ['local', 'redis'], summary: '' },
        { name: 'value', type: 'value', summary: '' },
      ],
      run: () => 1,
    },
  ],
  variables: [
    variable({ name: 'var', subname: 'required', writable: true }),
    variable({ name: 'avp', subname: 'required', writable: true, indexed: true }),
    variable({ name: 'ru', writable: true }),
    variable({ name: 'fU' }),
    variable({ name: 'rc', aliases: ['retcode'] }),
    variable({ name: 'hdr', subname: 'required', indexed: true }),
    variable({ name: 'ct.fields', subname: ['uri', 'name'] }),
    variable({
      name: 'time',
      subname: 'required',
      resolve: ({ subname }) => {
        if (subname === '') throw new InvalidUse('no format', 'for example $time(%Y)');
        if (typeof subname === 'string' && !subname.includes('%')) {
          throw new InvalidUse(`invalid format "${subname}"`, 'for example $time(%Y)');
        }
        return { get: () => null };
      },
    }),
  ],
  transformations: [
    { name: 's.len', arguments: [], summary: '', apply: (text) => text },
    {
      name: 's.substr',
      summary: '',
      arguments: [
        { name: 'offset', type: 'int' },
        { name: 'length', type: 'int' },
      ],
      apply: (text) => text,
    },
    {
      name: 're.subst',
      summary: '',
      arguments: [{ name: 'expression', type: 'rest' }],
      apply: (text) => text,
    },
    {
      name: 's.select',
      summary: '',
      arguments: [
        { name: 'index', type: 'int' },
        { name: 'separator', type: 'rest' },
      ],
      apply: (text) => text,
    },
  ],
  modules: [
    {
      name: 'rest_client',
      summary: '',
      parameters: [
        { name: 'curl_timeout', type: 'seconds', unit: 's', default: 20, minimum: 0.001, summary: '' },
        { name: 'connection_timeout', type: 'seconds', unit: 's', default: 20, minimum: 0.001, summary: '' },
        { name: 'curl_http_version', type: 'int', default: 0, minimum: 0, maximum: 5, summary: '' },
        { name: 'ssl_verifypeer', type: 'boolean', default: true, summary: '' },
        { name: 'connect_poll_interval', type: 'int', default: 20, summary: '', inert: 'nothing polls here' },
      ],
      functions: [
        {
          name: 'rest_get',
          summary: '',
          arguments: [
            { name: 'url', type: 'string', summary: '' },
            { name: 'body', type: 'variable', summary: '' },
            { name: 'ctype', type: 'variable', optional: true, summary: '' },
            { name: 'retcode', type: 'variable', optional: true, summary: '' },
          ],
          start: () => () => 1,
        },
        {
          name: 'rest_init_client_tls',
          summary: '',
          arguments: [{ name: 'domain', type: 'string', summary: '' }],
          requires: ['tls_mgm'],
          run: () => 1,
        },
      ],
      validate: ({ curl_timeout: transfer, connection_timeout: connect }) =>
        Number(connect) > Number(transfer) ? ['connection_timeout is more than curl_timeout'] : [],
    },
    {
      name: 'json',
      summary: '',
      variables: [variable({ name: 'json', subname: 'required', writable: true, indexed: true })],
    },
    {
      name: 'tls_mgm',
      summary: '',
      parameters: [{ name: 'client_domain', type: 'string', default: null, repeated: true, summary: '' }],
    },
    {
      name: 'tm',
      summary: '',
      requires: ['rest_client'],
      functions: [
        {
          name: 't_on_failure',
          summary: '',
          arguments: [{ name: 'route', type: 'route', routeKind: 'failure_route', summary: '' }],
          run: () => 1,
        },
      ],
    },
    { name: 'mi_fifo', summary: '', inert: 'siprest is managed by signals' },
  ],
  inertRouteKinds: ['failure_route'],
};

export function load(
  text: string,
  options: Parameters<typeof checkText<Nothing>>[3] = {},
): CheckedText<Nothing> {
  return checkText(Buffer.from(text, 'utf8').toString('latin1'), 'test.cfg', catalog, options);
}

/** Loads `statements` as the main route's body, with rest_client and json loaded. */
export function loadBody(statements: string, rest = ''): CheckedText<Nothing> {
  return load(`loadmodule "rest_client.so"\nloadmodule "json.so"\nroute {\n${statements}\n}\n${rest}\n`);
}

export function rendered(script: CheckedText<Nothing>): string {
  return renderDiagnostics(script.diagnostics, script.sources, { color: false });
}

/** Each error as `line code`, for tests that are about which there are. */
export function summary({ diagnostics, sources }: CheckedText<Nothing>): string[] {
  return diagnostics.map((one: Diagnostic) => `${sources.locate(one.span.start).line} ${one.code}`);
}
