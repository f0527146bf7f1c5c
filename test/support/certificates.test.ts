import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority } from './certificates.ts';

async function handshake(server: tls.SecureContextOptions, client: tls.ConnectionOptions): Promise<string> {
  const listener = tls.createServer(server, (socket) => socket.end('hello'));
  listener.on('tlsClientError', () => {});
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  const { port } = listener.address() as AddressInfo;
  try {
    return await new Promise<string>((resolve) => {
      const socket = tls.connect({ host: '127.0.0.1', port, servername: 'localhost', ...client });
      socket.once('secureConnect', () => resolve('secure'));
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.once('close', () => resolve('closed'));
    });
  } finally {
    listener.close();
  }
}

describe('certificates for tests', () => {
  const authority = createAuthority();

  it('have the requested fields', () => {
    const leaf = new X509Certificate(authority.issue({ names: ['localhost', '127.0.0.1', '::1'] }).cert);
    expect(leaf.subject).toBe('CN=localhost');
    expect(leaf.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(leaf.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
    expect(leaf.checkIssued(new X509Certificate(authority.cert))).toBe(true);
  });

  it('are accepted only by clients that trust the authority', async () => {
    const leaf = authority.issue({ names: ['localhost'] });
    expect(await handshake(leaf, { ca: authority.cert })).toBe('secure');
    expect(await handshake(leaf, { ca: createAuthority().cert })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
    expect(await handshake(leaf, { ca: authority.cert, servername: 'other.example' })).toBe(
      'ERR_TLS_CERT_ALTNAME_INVALID',
    );
  });

  it('can have expired', async () => {
    const day = 86_400_000;
    const [notBefore, notAfter] = [new Date(Date.now() - 2 * day), new Date(Date.now() - day)];
    const leaf = authority.issue({ names: ['localhost'], notBefore, notAfter });
    expect(await handshake(leaf, { ca: authority.cert })).toBe('CERT_HAS_EXPIRED');
  });
});
