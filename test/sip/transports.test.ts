import { describe, expect, it } from 'vitest';
import { loadScript } from '../../src/index.ts';
import { findDestinations, type NameService } from '../../src/sip/destination.ts';
import { canListen, listen, spokenTransports } from '../../src/sip/listen.ts';
import { SocketRegistry } from '../../src/sip/socket-registry.ts';
import type { Transport } from '../../src/sip/transport.ts';
import { PROTOCOLS, splitProtocol, TRANSPORTS } from '../../src/sip/transports.ts';
import { viaValue } from '../../src/sip/uac-request.ts';
import { parseUri } from '../../src/sip/uri.ts';
import { parseVia } from '../../src/sip/via.ts';

/** Of one who has no records but addresses, and notes which services are asked for. */
class Names implements NameService {
  readonly asked: string[] = [];
  addresses = () => ['192.0.2.1'];
  services = (name: string) => {
    this.asked.push(name);
    return [];
  };
}

describe.each(PROTOCOLS)('each row of the table holds from a URI to the wire: %s', (name) => {
  const { via, defaultPort, service, secure, inSips, label } = TRANSPORTS[name];

  async function find(text: string) {
    const names = new Names();
    const uri = parseUri(text);
    if (uri === null) throw new Error(`no URI: ${text}`);
    const found = await findDestinations(uri, { names, protocols: new Set([name]) });
    return { ...found, asked: names.asked };
  }

  it('as a destination', async () => {
    expect(await find(`sip:example.com;transport=${name.toUpperCase()}`)).toEqual({
      targets: [
        {
          address: '192.0.2.1',
          port: defaultPort,
          transport: name,
          name: 'example.com',
          ...(secure ? { domain: 'example.com' } : {}),
        },
      ],
      failure: null,
      asked: service === null ? [] : [`${service}example.com`],
    });
    const inSipsUri = await find(`sips:192.0.2.1;transport=${inSips ?? name}`);
    expect(inSipsUri.targets.map(({ transport }) => transport)).toEqual(secure ? [name] : []);
  });

  it('as a Via', () => {
    expect(viaValue(name, '192.0.2.1')).toMatch(new RegExp(`^SIP/2\\.0/${via} 192\\.0\\.2\\.1;`));
    for (const token of [via, via.toLowerCase()])
      expect(parseVia(`SIP/2.0/${token} example.com;branch=x`)?.sentBy).toBe(`example.com:${defaultPort}`);
  });

  it('as a socket', () => {
    expect(splitProtocol(`${name.toUpperCase()}:192.0.2.1`)).toEqual({ protocol: name, rest: '192.0.2.1' });
    const transport: Transport = {
      protocol: name,
      reliable: TRANSPORTS[name].reliable,
      local: { address: '192.0.2.1', port: defaultPort },
      send: () => undefined,
      close: async () => undefined,
    };
    const sockets = new SocketRegistry();
    sockets.add(transport);
    expect(sockets.isOwn('192.0.2.1', null, name)).toBe(true);
    expect(sockets.choose({ address: '192.0.2.9', port: 1, transport: name })?.transport).toBe(transport);
  });

  it('in a script, with a diagnostic if siprest cannot listen', () => {
    const { diagnostics } = loadScript(`socket=${name}:127.0.0.1\nroute { exit; }`);
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual(
      canListen(name)
        ? TRANSPORTS[name].secure
          ? [
              `module-not-loaded ${name}:127.0.0.1 is not opened without a certificate: the script defines no server_domain of tls_mgm`,
            ]
          : []
        : [
            `not-available siprest cannot open ${name}:127.0.0.1: it listens on ${spokenTransports}`,
            'no-socket siprest cannot open any of the sockets in the script',
          ],
    );
  });

  it('as a listening socket', async () => {
    const options = { address: '127.0.0.1', port: 0, onMessage: () => undefined };
    if (!canListen(name)) {
      await expect(listen(name, options)).rejects.toThrow(`siprest cannot listen on ${label}`);
      return;
    }
    const transport = await listen(name, options);
    expect(transport).toMatchObject({ protocol: name, reliable: TRANSPORTS[name].reliable });
    await transport.close();
  });
});

it('distinguishes transports by their exact names', () => {
  expect(splitProtocol('constructor:x')).toEqual({ protocol: null, rest: 'constructor:x' });
  expect(parseVia('SIP/2.0/SCTP example.com')?.sentBy).toBe('example.com:5060');
});
