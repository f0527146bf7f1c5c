/** Sets the address that one request advertises. Source: the manual's Script-CoreFunctions. */

import { isIPv6 } from 'node:net';
import { defineFunctions } from '../../runtime/index.ts';
import { isHost } from '../../sip/index.ts';

const what = 'in its Via and in any Record-Route added later';

export const advertisingFunctions = defineFunctions([
  {
    name: 'set_advertised_address',
    arguments: [{ name: 'adv_addr', type: 'string', summary: 'A name or address, without a port.' }],
    summary: `Sets the host advertised for this request only, ${what}, overriding \`advertised_address\`. For siprest to recognize itself in requests to this host, it must also be an \`alias\`.`,
    source: 'Script-CoreFunctions, set_advertised_address',
    run: (run, text) => {
      const host = isIPv6(text) ? `[${text}]` : text;
      if (!isHost(host)) {
        run.complain(`set_advertised_address(): invalid host "${text}"`);
        return -1;
      }
      run.request.advertised = { ...run.request.advertised, host };
      return 1;
    },
  },
  {
    name: 'set_advertised_port',
    arguments: [{ name: 'adv_port', type: 'int', summary: 'A port.' }],
    summary: `Sets the port advertised for this request only, ${what}, overriding \`advertised_port\`.`,
    source: 'Script-CoreFunctions, set_advertised_port',
    run: (run, port) => {
      if (port < 1 || port > 65_535) {
        run.complain(`set_advertised_port(): invalid port ${port}`);
        return -1;
      }
      run.request.advertised = { ...run.request.advertised, port };
      return 1;
    },
  },
]);
