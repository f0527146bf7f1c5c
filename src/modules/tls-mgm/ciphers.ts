/** What the name of a cipher says. Node.js tells the name alone. */

/** Bits of the key. */
export function cipherBits(name: string): number {
  if (name.includes('CHACHA20')) return 256;
  if (/3DES|DES-CBC3/.test(name)) return 168;
  return Number(/(?:AES_?|CAMELLIA_?|ARIA_?)(128|256)/.exec(name)?.[1] ?? 0);
}

/** In the columns of `openssl ciphers -v`. */
export function cipherDescription(name: string, version: string): string {
  const isLater = version === 'TLSv1.3';
  const exchange = isLater
    ? 'any'
    : name.startsWith('ECDHE')
      ? 'ECDH'
      : name.startsWith('DHE')
        ? 'DH'
        : 'RSA';
  const authentication = isLater ? 'any' : /ECDSA/.test(name) ? 'ECDSA' : 'RSA';
  const mac = /GCM|CCM|CHACHA20/.test(name) ? 'AEAD' : (/SHA(?:256|384)?$/.exec(name)?.[0] ?? 'AEAD');
  const columns = [
    name.padEnd(30),
    version.padEnd(7),
    `Kx=${exchange.padEnd(8)}`,
    `Au=${authentication.padEnd(5)}`,
    `Enc=${encryption(name).padEnd(22)}`,
    `Mac=${mac === 'SHA' ? 'SHA1' : mac}`,
  ];
  return columns.join(' ');
}

function encryption(name: string): string {
  if (name.includes('CHACHA20')) return 'CHACHA20/POLY1305(256)';
  const mode = /GCM/.test(name) ? 'GCM' : /CCM/.test(name) ? 'CCM' : '';
  const kind = /3DES|DES-CBC3/.test(name) ? '3DES' : (/AES|CAMELLIA|ARIA/.exec(name)?.[0] ?? 'None');
  return `${kind}${mode}(${cipherBits(name)})`;
}
