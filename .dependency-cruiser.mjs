// Who may import whom. The table is the rule; CONTRIBUTING.md says why.

/** For each room: the rooms it may import, and the packages beside node's own modules. */
const below = ['timers', 'text', 'script', 'sip'];
/** What a server is put together from. */
const server = [
  ...below,
  'net',
  'files',
  'loading',
  'runtime',
  'redis',
  'engine',
  'relay',
  'dialog',
  'core',
  'routing',
  'modules',
  'rest',
];
const rooms = {
  timers: { rooms: [], packages: [] },
  text: { rooms: [], packages: ['re2js'] },
  files: { rooms: [], packages: [] },
  spelling: { rooms: [], packages: [] },
  net: { rooms: ['timers'], packages: [] },
  rest: { rooms: ['timers', 'net', 'files', 'spelling'], packages: [] },
  sip: { rooms: ['timers', 'net'], packages: ['ipaddr.js'] },
  script: { rooms: ['timers', 'text', 'spelling'], packages: [] },
  loading: { rooms: ['timers', 'files', 'spelling', 'script'], packages: ['acorn', '@swc/wasm-typescript'] },
  runtime: { rooms: below, packages: [] },
  redis: { rooms: ['timers', 'script', 'runtime'], packages: [] },
  engine: { rooms: [...below, 'runtime'], packages: [] },
  relay: { rooms: [...below, 'runtime', 'engine'], packages: [] },
  dialog: { rooms: [...below, 'runtime', 'engine', 'relay'], packages: [] },
  core: { rooms: [...below, 'runtime', 'engine', 'relay'], packages: ['ipaddr.js'] },
  routing: { rooms: [...below, 'spelling', 'runtime', 'engine', 'relay', 'dialog', 'rest'], packages: [] },
  modules: {
    rooms: [...below, 'files', 'runtime', 'redis', 'engine', 'relay', 'dialog', 'core', 'rest'],
    packages: ['ipaddr.js'],
  },
  observe: { rooms: ['timers', 'runtime'], packages: ['ipaddr.js', '@opentelemetry/api'] },
  workers: {
    rooms: [...server, 'observe'],
    packages: [],
  },
  testing: {
    rooms: [...server, 'workers'],
    packages: [],
  },
};

/** From the bottom to the top: an import goes down. */
export const layers = [
  ...Object.keys(rooms),
  'rest.ts',
  'sip.ts',
  'testing.ts',
  'index.ts',
  'internal.ts',
  'cli',
];

const anyOf = (names) => `(?:${names.join('|')})`;
const only = (room, { rooms: others, packages }) => ({
  name: `${room}-imports`,
  comment: `src/${room} imports ${['itself', ...others].join(', ')} and nothing else of src/`,
  severity: 'error',
  from: { path: `^src/${room}/` },
  to: {
    pathNot: [`^src/${anyOf([room, ...others])}/`, ...packages.map((name) => `^node_modules/${name}/`)],
    dependencyTypesNot: ['core'],
  },
});

export default {
  forbidden: [
    ...Object.entries(rooms).map(([room, facts]) => only(room, facts)),
    {
      name: 'rooms-have-one-door',
      comment: 'outside of a room, import from its index.ts: what is not there is its own business',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'rest-by-its-modules',
      comment:
        'script modules reach REST through the host; the client itself is for the modules that configure it',
      severity: 'error',
      from: { path: '^src/modules/', pathNot: '^src/modules/(?:rest-|tls-mgm)' },
      to: { path: '^src/rest/' },
    },
    {
      name: 'routing-names-types-of-rest',
      comment: 'handlers get the client from whoever puts the server together',
      severity: 'error',
      from: { path: '^src/routing/' },
      to: { path: '^src/rest/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'cli-imports-public-api',
      comment:
        'what the command line does, a library user can do: cli imports the entries of the package alone',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/', pathNot: ['^src/cli/', '^src/(?:index|rest|sip|testing|internal)\\.ts$'] },
    },
    {
      name: 'internal-is-for-cli',
      comment: 'what is not published, no published entry leads to',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/internal\\.ts$' },
    },
    {
      name: 'nobody-imports-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'public-api-is-for-cli',
      comment: 'inside the rooms, import from the file that has it, not from the public API',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(?:cli/|[^/]+\\.ts$)' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'rest-stands-alone',
      comment:
        'siprest/rest loads nothing but the REST client, its timers, src/net, src/files and src/spelling, through whatever chain',
      severity: 'error',
      from: { path: '^src/rest\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(?:rest|timers|net|files|spelling)/', reachable: true },
    },
    {
      name: 'no-cycles',
      comment: 'files that need each other, be it for a type alone, cannot be read one after the other',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: { path: '^src/' },
      to: { couldNotResolve: true },
    },
    {
      name: 'not-to-dev-dependency',
      comment: 'what is shipped needs only what is installed with it',
      severity: 'error',
      from: { path: '^src/' },
      // a peer is a dependency of this checkout's tests as well
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['npm-peer'] },
    },
    {
      name: 'not-out-of-src',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(?:test|bench|scripts|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
