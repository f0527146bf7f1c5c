/** The modules proto_ws and proto_wss: SIP over WebSocket (RFC 7118). The sockets are part of siprest. */
import { defineModule, wsParameters, wssParameters } from '../runtime/index.ts';
import { InvalidUse } from '../script/index.ts';

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/i;
const PATH = /^\/[!-~]*$/;

function check(origins: readonly string[], name: string, resource: string): readonly string[] {
  const origin = origins.find((one) => !ORIGIN.test(one));
  if (origin !== undefined)
    throw new InvalidUse(
      `invalid allowed_origin "${origin}"`,
      'use the scheme, the host and a port other than the default: https://phone.example.com',
    );
  if (!PATH.test(resource))
    throw new InvalidUse(`invalid ${name} "${resource}"`, 'use a path, for example: /sip');
  return [];
}

export const protoWs = defineModule({
  name: 'proto_ws',
  summary: 'SIP over WebSocket; loading it is needed only to set its parameters.',
  source: 'modules/proto_ws',
  parameters: wsParameters,
  validate: ({ allowed_origin, ws_resource }) => check(allowed_origin, 'ws_resource', ws_resource),
});

export const protoWss = defineModule({
  name: 'proto_wss',
  summary: 'SIP over WebSocket in TLS; loading it is needed only to set its parameters.',
  source: 'modules/proto_wss',
  parameters: wssParameters,
  validate: ({ allowed_origin, wss_resource }) => check(allowed_origin, 'wss_resource', wss_resource),
});
