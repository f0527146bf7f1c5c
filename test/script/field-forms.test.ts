/** Forms of scripts in use that OpenSIPS takes beyond what its manual says. */
import { describe, expect, it } from 'vitest';
import { loadScript } from '../../src/workers/load-script.ts';

const head = 'loadmodule "tm.so"\nloadmodule "rest_client.so"\nloadmodule "sipmsgops.so"\n';

function found(script: string) {
  return loadScript(head + script).diagnostics.filter(({ severity }) => severity !== 'note');
}

describe('forms that scripts in use have', () => {
  it.each([
    [
      'async() in a condition',
      'route { if (!async(rest_get("http://h/", $var(b)), later)) exit; }\nroute[later] { exit; }',
    ],
    ['launch() in a condition', 'route { if (launch(rest_get("http://h/", $var(b)))) exit; }'],
    ['dns_retr_no=0', 'dns_retr_no=0\ndns_retr_time=0\nroute { exit; }'],
    ['modparam of several modules', 'modparam("tm|other", "fr_timeout", 5)\nroute { exit; }'],
    ['an IPv6 socket without brackets', 'socket=udp:2001:db8::1\nroute { exit; }'],
    ['the same with a port', 'socket=udp:2001:db8:0:0:0:0:0:1:5070\nroute { exit; }'],
    ['a tag', 'socket=udp:127.0.0.1:5070 tag inside\nroute { $var(x) = $socket_in(tag); exit; }'],
  ])('%s', (_, script) => {
    expect(found(script)).toEqual([]);
  });

  it('an IPv6 socket without brackets is opened', () => {
    const { program } = loadScript(
      'socket=udp:2001:db8::1\nsocket=tcp:2001:db8:0:0:0:0:0:1:5070 tag in\nroute { exit; }',
    );
    expect(program.settings.sockets).toMatchObject([
      { transport: 'udp', host: '[2001:db8::1]', port: 5060, tag: null },
      { transport: 'tcp', host: '[2001:db8:0:0:0:0:0:1]', port: 5070, tag: 'in' },
    ]);
  });

  it('a quote right after a variable is ignored, with a warning', () => {
    expect(found(`route { $var(b) = "ip=" + $si" + "&user=" + $fU'; exit; }`)).toMatchObject([
      { code: 'unexpected-character', severity: 'warning' },
      { code: 'unexpected-character', severity: 'warning' },
    ]);
  });

  it('a scaling profile has no effect', () => {
    expect(found('udp_workers = 4 use_auto_scaling_profile P\nroute { exit; }')).toMatchObject([
      { code: 'inert' },
    ]);
  });
});
