// Who may import whom. The table is the rule; CONTRIBUTING.md says why.

/** For each room: the rooms it may import, and the packages beside node's own modules. */
const rooms = {
  timers: { rooms: [], packages: [] },
  files: { rooms: [], packages: [] },
  net: { rooms: ['timers'], packages: [] },
  rest: { rooms: ['timers', 'net', 'files'], packages: [] },
  script: { rooms: [], packages: [] },
  sip: { rooms: ['timers', 'net'], packages: ['ipaddr.js'] },
  runtime: { rooms: ['script', 'sip', 'timers'], packages: ['ipaddr.js', 're2js'] },
  modules: { rooms: ['script', 'runtime', 'rest', 'sip'], packages: ['ipaddr.js'] },
  workers: { rooms: ['script', 'sip', 'runtime', 'modules', 'timers'], packages: [] },
};

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
      name: 'cli-imports-public-api',
      comment: 'what the command line does, a library user can do: cli imports src/index.ts alone',
      severity: 'error',
      from: { path: '^src/cli/' },
      to: { path: '^src/', pathNot: ['^src/cli/', '^src/index\\.ts$'] },
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
      from: { path: '^src/', pathNot: '^src/(?:cli/|index\\.ts$)' },
      to: { path: '^src/index\\.ts$' },
    },
    {
      name: 'rest-stands-alone',
      comment:
        'siprest/rest loads nothing but the REST client, its timers and src/net, through whatever chain',
      severity: 'error',
      from: { path: '^src/rest/index\\.ts$' },
      to: { path: '^src/', pathNot: '^src/(?:rest|timers|net|files)/', reachable: true },
    },
    {
      name: 'no-cycles',
      comment: 'modules that need each other while they load; types may refer to each other',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
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
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
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
