/** What the system may run out of while a connection is made. */

/** What a connection cannot be made without: a file descriptor, or a local port towards an address. */
export type Shortage = 'descriptors' | { readonly address: string; readonly port: number };

/** Codes of socket(2) and connect(2). */
const NO_DESCRIPTOR = new Set(['EMFILE', 'ENFILE']);
const NO_PORT = 'EADDRNOTAVAIL';

/** The shortage behind a failed connection attempt, null when it failed for another reason. */
export function shortageOf(code: string, address: string, port: number): Shortage | null {
  if (NO_DESCRIPTOR.has(code)) return 'descriptors';
  return code === NO_PORT ? { address, port } : null;
}
