/** Resources that connecting may exhaust. */

/** A resource needed for a connection: a file descriptor, or a local port towards an address. */
export type Shortage = 'descriptors' | { readonly address: string; readonly port: number };

/** Codes of socket(2) and connect(2). */
const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE']);
const NO_PORT = 'EADDRNOTAVAIL';

/** The shortage that made an attempt fail; null for any other reason. */
export function shortageOf(code: string, address: string, port: number): Shortage | null {
  if (NO_DESCRIPTOR.has(code)) return 'descriptors';
  return code === NO_PORT ? { address, port } : null;
}
