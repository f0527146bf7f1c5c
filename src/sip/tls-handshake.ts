/** Verifies the other side of a TLS connection once the handshake has ended. */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { isForSipDomain } from './domain-certificate.ts';
import type { TlsDomain } from './tls-domains.ts';

/** A connection after its handshake. */
export interface SecureSocket {
  readonly socket: TLSSocket;
  readonly domain: TlsDomain;
  /** Whether it was accepted. */
  readonly isServer: boolean;
  /** The peer's certificate; undefined if it sent none. */
  readonly certificate: X509Certificate | undefined;
  /** Why the peer's certificate is not trusted; null if it is. Only a domain that does not verify goes on with one. */
  readonly distrust: string | null;
  /** The SIP domain that a server's certificate was checked for; null if none was. */
  readonly name: string | null;
}

/** To be asked once: Node 20 gives the certificate of a server once only. */
export const peerCertificate = (socket: TLSSocket): X509Certificate | undefined =>
  socket.getPeerX509Certificate();

/** Limit on the certificates of a chain, which Node makes circular at a self-signed root. */
const MAX_CHAIN = 10;

/** Why the peer's certificate is not trusted, or null; `code`: the verification error of OpenSSL, if any. */
export function distrustOf(
  certificate: X509Certificate | undefined,
  domain: TlsDomain,
  code: string | null,
): string | null {
  if (certificate === undefined) return 'it has no certificate';
  if (code !== null) return CHAIN_ERRORS.get(code) ?? code;
  return domain.revocation?.(chainOf(certificate)) ?? null;
}

/** Why a server is not the one that was wanted, or null. @param name the domain of the URI, if it is a name */
export function misnomer(
  certificate: X509Certificate | undefined,
  domain: TlsDomain,
  name: string | undefined,
): string | null {
  if (!domain.verifiesName || name === undefined) return null;
  return certificate !== undefined && isForSipDomain(certificate, name)
    ? null
    : `its certificate is not for ${name}`;
}

function chainOf(leaf: X509Certificate): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (
    let certificate: X509Certificate | undefined = leaf;
    certificate !== undefined && chain.length < MAX_CHAIN;
    certificate = certificate.issuerCertificate
  ) {
    if (chain.some((earlier) => earlier.fingerprint256 === certificate?.fingerprint256)) break;
    chain.push(certificate);
  }
  return chain;
}

/** OpenSSL's verification error of a connection as server, which Node keeps on the handle; null if it is verified. */
export function verificationError(socket: TLSSocket): string | null {
  const { _handle: handle } = socket as unknown as { readonly _handle: { verifyError?(): unknown } | null };
  // without an answer nothing is verified
  if (typeof handle?.verifyError !== 'function') return 'UNSPECIFIED';
  const error = handle.verifyError();
  if (error == null) return null;
  return (error as { readonly code?: string }).code ?? 'UNSPECIFIED';
}

/** The reason of an error in words: that of OpenSSL without its numbers, or that of the system. */
export function handshakeFailure(
  error: Error & { readonly code?: string; readonly reason?: string },
): string {
  if (error.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE')
    return 'the client is refused: it has no certificate';
  if (error.reason !== undefined) return `the TLS handshake failed: ${error.reason}`;
  return error.message;
}

/** OpenSSL's verification errors in words. */
const CHAIN_ERRORS = new Map<string, string>([
  ['CERT_HAS_EXPIRED', 'its certificate, or one of its chain, has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate, or one of its chain, is not valid yet'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'the CA of its certificate is unknown'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'the CA of its certificate is unknown'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'the CA of its certificate is unknown'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is self-signed'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'the CA of its certificate is unknown'],
  ['CERT_SIGNATURE_FAILURE', 'the signature of its certificate is wrong'],
  ['INVALID_PURPOSE', 'its certificate is not meant for this use'],
]);
