/**
 * The options of a client, one row each: name, type, unit, default, range, and a line for the documentation. Types,
 * checks and docs/rest-client.md derive from these rows; defaults are not repeated elsewhere.
 */
import { HTTP_VERSIONS } from './http-versions.ts';

/** Units of numbers, as they are named in errors and in the documentation. */
export type OptionUnit = 'ms' | 'bytes' | 'count' | 'per second' | '%';

interface NumberSpec {
  readonly type: 'number';
  readonly unit: OptionUnit;
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly doc: string;
}
interface BooleanSpec {
  readonly type: 'boolean';
  readonly default: boolean;
  readonly doc: string;
}
interface TextSpec {
  readonly type: 'string';
  readonly default: string;
  /** Errors do not quote it. */
  readonly secret?: true;
  readonly doc: string;
}
interface ChoiceSpec<Choice extends string = string> {
  readonly type: 'choice';
  readonly choices: readonly Choice[];
  readonly default: Choice;
  readonly doc: string;
}

/** A list of different words from a fixed set. */
interface ChoicesSpec<Choice extends string = string> {
  readonly type: 'choices';
  readonly choices: readonly Choice[];
  readonly default: readonly Choice[];
  readonly doc: string;
}
interface NumbersSpec {
  readonly type: 'numbers';
  readonly default: readonly number[];
  readonly min: number;
  readonly max: number;
  /** Maximum number of entries. */
  readonly most: number;
  readonly doc: string;
}
interface TextsSpec {
  readonly type: 'strings';
  readonly default: readonly string[];
  /** Maximum number of entries. */
  readonly most: number;
  readonly doc: string;
}

/** One row of the table. */
export type OptionSpec =
  | NumberSpec
  | BooleanSpec
  | TextSpec
  | ChoiceSpec
  | ChoicesSpec
  | NumbersSpec
  | TextsSpec;

export type OptionTable = Readonly<Record<string, OptionSpec>>;

type ValueOf<Spec> = Spec extends NumberSpec
  ? number
  : Spec extends BooleanSpec
    ? boolean
    : Spec extends ChoiceSpec<infer Choice>
      ? Choice
      : Spec extends ChoicesSpec<infer Choice>
        ? readonly Choice[]
        : Spec extends NumbersSpec
          ? readonly number[]
          : Spec extends TextsSpec
            ? readonly string[]
            : string;

/** The values of a table's options, complete. */
export type ValuesOf<Table extends OptionTable> = { readonly [Name in keyof Table]: ValueOf<Table[Name]> };

/** Within the range of one timer. */
const LONGEST = 2_000_000_000;

const httpVersions = HTTP_VERSIONS.map(({ name }) => name);

export const TLS_OPTIONS = {
  verifyPeer: {
    type: 'boolean',
    default: true,
    doc: "Verify the chain of the server's certificate.",
  },
  verifyHost: {
    type: 'boolean',
    default: true,
    doc: 'Verify that the certificate is valid for the host of the URL, whether or not its chain is verified.',
  },
  caPath: {
    type: 'string',
    default: '',
    doc: 'Folder of CA certificates, hashed names or any PEM files, added to the default ones. Empty: none.',
  },
} as const satisfies OptionTable;

export const CLIENT_OPTIONS = {
  timeout: {
    type: 'number',
    unit: 'ms',
    default: 20_000,
    min: 1,
    max: LONGEST,
    doc: 'Time limit for a whole request, connecting included.',
  },
  connectTimeout: {
    type: 'number',
    unit: 'ms',
    default: 20_000,
    min: 1,
    max: LONGEST,
    doc: 'Time limit for connecting: name lookup, TCP and TLS together. Never above `timeout`.',
  },
  maxBodySize: {
    type: 'number',
    unit: 'bytes',
    default: 10_485_760,
    min: 1,
    max: Number.POSITIVE_INFINITY,
    doc: "Maximum size of an answer's body, counted as it arrives; one byte more ends the request with `rc` -10. `Infinity`: only the heap limit applies.",
  },
  httpVersion: {
    type: 'choice',
    choices: httpVersions,
    default: 'auto',
    doc: 'See [HTTP versions](#http-versions).',
  },
  expect100: {
    type: 'boolean',
    default: false,
    doc: 'Send `Expect: 100-continue` before a body of more than 1,024 bytes, and wait for at most one second.',
  },
  keepAlive: {
    type: 'number',
    unit: 'ms',
    default: 120_000,
    min: 0,
    max: LONGEST,
    doc: "How long to keep an idle connection, unless the server's `Keep-Alive` says otherwise. 0: close it after each request.",
  },
  proxy: {
    type: 'choice',
    choices: ['environment', 'none'],
    default: 'environment',
    doc: 'Whether to use the [proxies](#proxies) of the environment.',
  },
  noConcurrentConnects: {
    type: 'boolean',
    default: false,
    doc: 'Only one client at a time connects to a host name; others get `rc` -4 at once. See [the connect lock](#several-clients-the-connect-lock).',
  },
  lockFreeAge: {
    type: 'number',
    unit: 'ms',
    default: 0,
    min: 0,
    max: LONGEST,
    doc: 'With `noConcurrentConnects`: a connection to the host younger than this makes the lock unnecessary. 0: it is always needed.',
  },
} as const satisfies OptionTable;
