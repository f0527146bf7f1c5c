import { afterEach, describe, expect, it } from 'vitest';
import { RestClient } from '../../src/rest/index.ts';
import { bodyOf, reasonOf } from '../rest/fixture.ts';
import { type HttpServer, startNginx } from '../support/http-servers.ts';

let server: HttpServer | null = null;
afterEach(async () => {
  await server?.stop();
  server = null;
});

describe('the REST client and nginx', () => {
  it('gets a file, byte for byte, with its type', async () => {
    const content = Uint8Array.from({ length: 65_536 }, (_, index) => index % 256);
    server = await startNginx({ files: { 'all-bytes': content } });
    const client = new RestClient();
    const outcome = await client.get(`${server.origin}/all-bytes`);
    await client.close();
    expect(outcome).toMatchObject({ rc: 1, retcode: 200, contentType: 'text/plain' });
    expect(Buffer.compare(bodyOf(outcome), content)).toBe(0);
  });

  it('distinguishes a status from a failure', async () => {
    server = await startNginx();
    const client = new RestClient();
    const missing = await client.get(`${server.origin}/missing`);
    await server.stop();
    const refused = await client.get(`${server.origin}/hello.txt`);
    await client.close();
    expect([missing.rc, missing.retcode]).toEqual([1, 404]);
    expect([refused.rc, refused.retcode]).toEqual([-1, 0]);
  });

  it('rejects its certificate unless the CA is known', async () => {
    server = await startNginx();
    const client = new RestClient();
    const outcome = await client.get(`${server.secureOrigin}/hello.txt`);
    await client.close();
    expect(outcome.rc).toBe(-10);
    expect(reasonOf(outcome)).toBeTruthy();
  });
});
