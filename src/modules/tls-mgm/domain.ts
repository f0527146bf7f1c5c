/** Reads the files of a TLS domain, and builds what connections need of it. */
import { constants, createHash, createHmac, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SecureContext } from 'node:tls';
import { readCaDirectory, splitPem, TlsClientDomain, withKeyStrength } from '../../rest/index.ts';
import { messageOf } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { type TlsDomain, tls } from '../../sip/index.ts';
import { type Definition, flagOf, versionRange } from './definitions.ts';
import type { DomainParameter } from './parameters.ts';
import { readRevocations } from './revocation.ts';

/** What reading a domain needs beside its definition. */
export interface BuildContext {
  /** Gets a warning about a file. */
  readonly warn: (text: string) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Of all processes, for the keys of session tickets; null: each domain has keys of its own. */
  readonly ticketSecret: string | null;
}

/** @throws InvalidUse */
function read({ kind, name, values }: Definition, parameter: DomainParameter): Buffer | undefined {
  const path = values.get(parameter);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InvalidUse(`${parameter} of ${kind}_domain "${name}" cannot be read: ${messageOf(error)}`);
  }
}

/** The trusted CAs; undefined: those of Node.js. */
function authoritiesOf(definition: Definition, warn: BuildContext['warn']): string[] | undefined {
  const { kind, name, values } = definition;
  const text = read(definition, 'ca_list')?.toString('latin1');
  const fromFile = text === undefined ? [] : splitPem(text);
  if (text !== undefined && fromFile.length === 0)
    throw new InvalidUse(`ca_list of ${kind}_domain "${name}" holds no certificate`);
  for (const pem of fromFile) certificateOf(definition, 'ca_list', pem);
  const folder = values.get('ca_dir');
  if (text === undefined && folder === undefined) return kind === 'server' ? [] : undefined;
  return [...fromFile, ...(folder === undefined ? [] : readCaDirectory(folder, (_, line) => warn(line)))];
}

function certificateOf({ kind, name }: Definition, parameter: DomainParameter, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new InvalidUse(`${parameter} of ${kind}_domain "${name}" cannot be used: ${messageOf(error)}`);
  }
}

/** @throws InvalidUse for a file that cannot be used, or an invalid value */
export function buildDomain(definition: Definition, { warn, now, ticketSecret }: BuildContext): TlsDomain {
  const { kind, name, values } = definition;
  const certificate = read(definition, 'certificate');
  const key = read(definition, 'private_key');
  if (kind === 'server' && (certificate === undefined || key === undefined))
    throw new InvalidUse(
      `server_domain "${name}" has no ${certificate === undefined ? 'certificate' : 'private_key'}`,
      `add modparam("tls_mgm", "${certificate === undefined ? 'certificate' : 'private_key'}", "[${name}]/path/to/file.pem")`,
    );
  const authorities = authoritiesOf(definition, warn);
  const verifiesPeer = flagOf(definition, 'verify_cert') ?? true;
  const folder = values.get('crl_dir');
  const revocation =
    folder === undefined
      ? undefined
      : readRevocations(folder, {
          all: flagOf(definition, 'crl_check_all') ?? false,
          authorities: (authorities ?? tls().rootCertificates).map((pem) => new X509Certificate(pem)),
          warn,
          now,
        });
  return {
    name,
    context: contextOf(definition, { certificate, key, authorities, ticketSecret }),
    certificate:
      certificate === undefined
        ? null
        : certificateOf(definition, 'certificate', certificate.toString('latin1')),
    verifiesPeer,
    requiresCertificate: flagOf(definition, 'require_cert') ?? true,
    verifiesName: verifiesPeer && (flagOf(definition, 'verify_domain') ?? true),
    ...(revocation === undefined ? {} : { revocation }),
  };
}

interface Material {
  readonly certificate: Buffer | undefined;
  readonly key: Buffer | undefined;
  readonly authorities: string[] | undefined;
  readonly ticketSecret: string | null;
}

function contextOf(
  definition: Definition,
  { certificate, key, authorities, ticketSecret }: Material,
): SecureContext {
  const { kind, name, values } = definition;
  const dh = read(definition, 'dh_params');
  const curve = values.get('ec_curve');
  // sessions count only in the domain that verified them
  const identity = identityOf(definition, [certificate, ...(authorities ?? [])]);
  try {
    return tls().createSecureContext({
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
      ...(authorities === undefined ? {} : { ca: authorities }),
      ...(dh === undefined ? {} : { dhparam: dh }),
      ...(curve === undefined ? {} : { ecdhCurve: curve }),
      ciphers: withKeyStrength(values.get('ciphers_list') ?? tls().DEFAULT_CIPHERS),
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE,
      sessionIdContext: identity,
      ...(ticketSecret === null
        ? {}
        : { ticketKeys: createHmac('sha384', ticketSecret).update(identity).digest() }),
      ...versionRange(values.get('tls_method')),
    });
  } catch (error) {
    if (error instanceof InvalidUse) throw error;
    throw new InvalidUse(`${kind}_domain "${name}" cannot be used: ${messageOf(error)}`);
  }
}

function identityOf(
  { name, values }: Definition,
  material: readonly (Buffer | string | undefined)[],
): string {
  const hash = createHash('sha256').update(JSON.stringify([name, ...values]));
  for (const one of material) hash.update(one ?? '').update('\0');
  return hash.digest('base64').slice(0, 32);
}

/** The same client domain for REST. @throws InvalidUse */
export function buildRestDomain(definition: Definition): TlsClientDomain {
  const { name, values } = definition;
  const verify = flagOf(definition, 'verify_cert');
  try {
    return new TlsClientDomain({
      name,
      certificate: values.get('certificate'),
      privateKey: values.get('private_key'),
      caList: values.get('ca_list'),
      caPath: values.get('ca_dir'),
      verifyPeer: verify,
      verifyHost: verify === false ? false : undefined,
      ciphers: values.get('ciphers_list'),
      ...versionRange(values.get('tls_method')),
    });
  } catch (error) {
    throw new InvalidUse(`client_domain "${name}": ${messageOf(error)}`);
  }
}
