/** The `$tls_*` variables: TLS of the connection that a message arrived on. Source: modules/tls_mgm of the manual. */
import { X509Certificate } from 'node:crypto';
import { defineVariable, type Request, type Run, StateKey } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import { alternativeNames, type TlsFacts } from '../../sip/index.ts';
import { cipherBits, cipherDescription } from './ciphers.ts';
import { certificateVersion } from './crl.ts';

const source = 'modules/tls_mgm';

/** Certificates of a message's connection, parsed once. */
class Certificates {
  readonly facts: TlsFacts;
  #peer: X509Certificate | null | undefined;
  #own: X509Certificate | null | undefined;

  constructor(facts: TlsFacts) {
    this.facts = facts;
  }

  get peer(): X509Certificate | null {
    this.#peer ??= this.facts.peer === null ? null : new X509Certificate(this.facts.peer);
    return this.#peer;
  }

  get own(): X509Certificate | null {
    this.#own ??= this.facts.own === null ? null : new X509Certificate(this.facts.own);
    return this.#own;
  }
}

const ofMessage = new StateKey<Request, { of: TlsFacts | null; parsed: Certificates | null }>(
  'TLS of the connection',
  () => ({ of: null, parsed: null }),
);

function certificatesOf(run: Run): Certificates | null {
  const facts = run.message?.socket?.secured?.facts ?? null;
  const state = run.request.state(ofMessage);
  if (state.of !== facts) {
    state.of = facts;
    state.parsed = facts === null ? null : new Certificates(facts);
  }
  return state.parsed;
}

export function isPeerVerified(run: Run): boolean {
  const facts = certificatesOf(run)?.facts;
  return facts !== undefined && facts.peer !== null && facts.distrust === null;
}

/** Text of a certificate as a byte string. */
const bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const variable = (name: string, summary: string, read: (found: Certificates, run: Run) => Value) =>
  defineVariable({
    name,
    ...(name.startsWith('tls_peer_') ? { fromMessage: true } : {}),
    summary: `${summary}; null for a message that did not arrive over TLS.`,
    source,
    resolve: () => ({
      get: (run) => {
        const found = certificatesOf(run);
        return found === null ? null : read(found, run);
      },
    }),
  });

/** The short names of OpenSSL, by the part of a variable's name. */
const parts = {
  cn: ['CN', 'common name'],
  locality: ['L', 'locality'],
  country: ['C', 'country'],
  state: ['ST', 'state or province'],
  organization: ['O', 'organization'],
  unit: ['OU', 'organizational unit'],
} as const;

/** `C=AT\nO=enum.at`, as Node.js shows names. */
const attribute = (name: string, short: string): string | null =>
  name
    .split('\n')
    .find((line) => line.startsWith(`${short}=`))
    ?.slice(short.length + 1) ?? null;

/** A number if it is one of a script, else digits. */
function decimal(hexadecimal: string): Value {
  const number = BigInt(`0x${hexadecimal}`);
  return number <= 0x7fffffffn ? Number(number) : String(number);
}

const sides = [
  ['peer', 'the certificate of the peer', (found: Certificates) => found.peer],
  ['my', 'the own certificate', (found: Certificates) => found.own],
] as const;

const alternatives = {
  email: 'email',
  hostname: 'DNS',
  uri: 'URI',
  ip: 'IP Address',
} as const;

const ofCertificates = sides.flatMap(([side, words, of]) => {
  const text = (name: string, what: string, read: (certificate: X509Certificate) => Value) =>
    variable(`tls_${side}_${name}`, `${what} of ${words}`, (found) => {
      const certificate = of(found);
      const value = certificate === null ? null : read(certificate);
      return typeof value === 'string' ? bytes(value) : value;
    });
  return [
    text('version', 'The version, counted from 0,', ({ raw }) => certificateVersion(raw)),
    text('serial', 'The serial number, in decimal,', ({ serialNumber }) => decimal(serialNumber)),
    ...(['subject', 'issuer'] as const).flatMap((which) => [
      text(which, `The ${which} as \`/C=AT/O=enum.at/CN=enum.at\``, (certificate) =>
        certificate[which] === '' ? '' : `/${certificate[which].replaceAll('\n', '/')}`,
      ),
      ...Object.entries(parts).map(([part, [short, what]]) =>
        text(`${which}_${part}`, `The ${what} in the ${which}`, (certificate) =>
          attribute(certificate[which], short),
        ),
      ),
    ]),
    ...Object.entries(alternatives).map(([name, type]) =>
      text(
        `san_${name}`,
        `The first alternative name of the kind ${type}`,
        (certificate) => alternativeNames(certificate).find((one) => one.type === type)?.value ?? null,
      ),
    ),
  ];
});

const flag = (name: string, what: string, holds: (found: Certificates, run: Run) => boolean) =>
  variable(name, `Whether ${what}, 1 or 0`, (found, run) => (holds(found, run) ? 1 : 0));

export const tlsVariables = [
  variable('tls_version', 'The version of TLS', ({ facts }) => facts.version),
  variable('tls_description', 'The cipher as `openssl ciphers -v` shows it', ({ facts }) =>
    cipherDescription(facts.cipher, facts.version),
  ),
  variable('tls_cipher_info', 'The name of the cipher', ({ facts }) => facts.cipher),
  variable('tls_cipher_bits', 'The bits of its key', ({ facts }) => cipherBits(facts.cipher)),
  ...ofCertificates,
  flag(
    'tls_peer_verified',
    'the certificate of the peer is trusted',
    ({ facts }) => facts.peer !== null && facts.distrust === null,
  ),
  flag('tls_peer_revoked', 'the certificate of the peer is revoked', ({ facts }) =>
    (facts.distrust ?? '').endsWith('is revoked'),
  ),
  flag(
    'tls_peer_expired',
    'the certificate of the peer has expired',
    ({ peer }, { routing }) => peer !== null && Date.parse(peer.validTo) < routing.host.clock.date(),
  ),
  flag(
    'tls_peer_selfsigned',
    'the certificate of the peer is self-signed',
    ({ peer }) => peer !== null && peer.issuer === peer.subject && peer.verify(peer.publicKey),
  ),
  variable(
    'tls_peer_notBefore',
    'When the certificate of the peer becomes valid',
    ({ peer }) => peer?.validFrom ?? null,
  ),
  variable(
    'tls_peer_notAfter',
    'When the certificate of the peer expires',
    ({ peer }) => peer?.validTo ?? null,
  ),
];
