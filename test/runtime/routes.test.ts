import { describe, expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';
import { sampleRequest } from '../support/sample-request.ts';
import { respond, startService } from '../support/service.ts';

describe('event_route', () => {
  test('gets the attributes by name and by position, the newest first', async () => {
    const { prints } = await runScript(
      `$avp(name) = "first"; $avp(name) = "second";
       $avp(value) = 1; $avp(value) = "two";
       raise_event("E_NAMED", $avp(name), $avp(value));
       xlog("raised $rc");`,
      {
        rest: `event_route[E_NAMED] {
          xlog("$param(first) $param(second) $param(1) $param(2) $param(third) $param(3)");
          xlog("$route $ru");
          $var(n) = "second"; xlog("$param($var(n))");
          route(sub, "own");
        }
        route[sub] { xlog("$param(1) $param(first)"); }`,
      },
    );
    expect(prints).toEqual([
      'raised 1',
      '1 two two 1 <null> <null>',
      'event_route[E_NAMED] <null>',
      'two',
      'own <null>',
    ]);
  });

  test('may have attributes without names, or none', async () => {
    const { prints } = await runScript(
      `$avp(v) = 1; $avp(v) = "2";
       raise_event("E_A", , $avp(v));
       raise_event("E_A");
       raise_event("E_NOBODY_LISTENS"); xlog("$rc");`,
      { rest: 'event_route[E_A] { xlog("$param(1) $param(2)"); }' },
    );
    expect(prints).toEqual(['1', '2 1', '<null> <null>']);
  });

  test('does not run for values without names', async () => {
    const { prints, log } = await runScript(
      `$avp(name) = "only"; $avp(v) = 1; $avp(v) = 2;
       raise_event("E_A", $avp(name), $avp(v)); xlog("$rc");`,
      { rest: 'event_route[E_A] { xlog("never"); }' },
    );
    expect(prints).toEqual(['-1']);
    expect(log.join()).toContain('raise_event("E_A"): 2 values, but names for 1');
  });

  test('has its own AVPs, and may raise further events', async () => {
    const { prints } = await runScript('$avp(x) = "main"; raise_event("E_A"); xlog("$avp(x)");', {
      rest: `event_route[E_A] { xlog("a $avp(x)"); raise_event("E_B"); }
        event_route[E_B] { xlog("b"); }`,
    });
    expect(prints).toEqual(['main', 'a <null>', 'b']);
  });

  test('that raises its own event blocks nothing else', async () => {
    const { prints } = await runScript(
      '$var(n) = 0; raise_event("E_A"); usleep(20000); $var(n) = -1; xlog("main");',
      {
        modules: ['cfgutils'],
        workers: 2,
        rest: `event_route[E_A] {
        if ($shv(stop) == 1) exit;
        raise_event("E_A");
        raise_event("E_B");
      }
      event_route[E_B] { $shv(n) = $shv(n) + 1; if ($shv(n) == 50) { $shv(stop) = 1; xlog("50"); } }`,
      },
    );
    expect(prints).toContain('50');
    expect(prints).toContain('main');
  });

  test('asks a REST service, blocking and by launch()', async () => {
    const service = await startService((request, response) =>
      respond(response, 200, `got ${request.target}`),
    );
    try {
      const { prints } = await runScript('raise_event("E_A");', {
        modules: ['rest_client'],
        rest: `event_route[E_A] {
            rest_get("${service.origin}/blocking", $var(body), $var(type), $var(status));
            xlog("$rc $var(status) $var(body)");
            launch(rest_get("${service.origin}/launched", $var(body), $var(type), $var(status)), report, "p");
          }
          route[report] { xlog("$param(1) $rc $var(body)"); }`,
      });
      expect(prints).toEqual(['1 200 got /blocking', 'p 1 got /launched']);
    } finally {
      await service.close();
    }
  });
});

describe('error_route', () => {
  const rest = `error_route {
    xlog("$err.class $err.level $err.rcode $err.rreason: $err.info");
    xlog("$rm $ru $si $fU $hdr(X-Price) $route.type");
    sl_send_reply($err.rcode, $err.rreason);
    exit;
  }`;
  const modules = ['sl'];

  test('runs for a request that cannot be parsed, and answers it', async () => {
    const { prints, sent } = await runScript('xlog("never");', {
      modules,
      rest,
      request: sampleRequest.replace(/^CSeq:.*\n/m, ''),
    });
    expect(prints[0]).toBe('1 3 400 Bad Request: missing CSeq');
    expect(prints[1]).toBe(
      'INVITE sip:+15551234;day=mon@biloxi.example:5080;transport=udp;user=phone 192.0.2.7 alice 10 error_route',
    );
    expect(prints).toHaveLength(2);
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatch(/^SIP\/2\.0 400 Bad Request\r\n/);
  });

  test.each([
    ['From', /^From:.*\n/m, 'missing From'],
    ['To', /^To:.*\n/m, 'missing To'],
    ['Call-ID', /^Call-ID:.*\n/m, 'missing Call-ID'],
  ])('reads of a request without %s are null', async (_, header, info) => {
    const { prints, sent, log } = await runScript('xlog("never");', {
      modules: ['sl', 'sipmsgops'],
      rest: `error_route {
        xlog("$err.info|$fu $ft $tu $tt $ci $cs $ct $(rb{s.len}) $hdr(Subject)");
        sipmsg_validate("hrftc");
        xlog("$rc");
        sl_send_reply(400, "Bad");
      }`,
      request: sampleRequest.replace(header, ''),
    });
    expect(prints[0], log.join('\n')).toContain(`${info}|`);
    expect(Number(prints[1])).toBeLessThan(0);
    expect(sent[0]).toMatch(/^SIP\/2\.0 400 Bad\r\n/);
  });

  test('runs after a failed assert(), which ends the script', async () => {
    const { prints, log } = await runScript('route(deep); xlog("never");', {
      modules,
      rest: `enable_asserts = true
        ${rest}
        route[deep] { assert($rm == "INVITE", "fine"); assert($rm == "BYE", "no BYE"); xlog("never"); }`,
    });
    expect(prints[0]).toBe('2 1 500 Server Internal Error: no BYE');
    expect(prints).toHaveLength(2);
    expect(log.some((line) => line.includes('assert: no BYE'))).toBe(true);
  });

  test('asks a REST service before it answers', async () => {
    const service = await startService((_, response) => respond(response, 200, 'Go Away'));
    try {
      const { sent } = await runScript('xlog("never");', {
        modules: ['sl', 'rest_client'],
        rest: `error_route {
          rest_get("${service.origin}/reason", $var(reason));
          sl_send_reply(400, $var(reason));
        }`,
        request: sampleRequest.replace(/^CSeq:.*\n/m, ''),
      });
      expect(sent[0]).toMatch(/^SIP\/2\.0 400 Go Away\r\n/);
    } finally {
      await service.close();
    }
  });

  test('does not run for its own assert()', async () => {
    const { prints } = await runScript('assert($rm == "BYE", "first");', {
      rest: 'enable_asserts = yes\nerror_route { xlog("$err.info"); assert($rm == "BYE", "second"); xlog("never"); }',
    });
    expect(prints).toEqual(['first']);
  });

  test('without one a malformed request is answered 400, and a failed assert() ends the script', async () => {
    const broken = await runScript('xlog("never");', { request: sampleRequest.replace(/^CSeq:.*\n/m, '') });
    expect(broken.sent[0]).toMatch(/^SIP\/2\.0 400 /);
    const { prints } = await runScript('assert($rm == "BYE"); xlog("never");', {
      rest: 'enable_asserts = yes',
    });
    expect(prints).toEqual([]);
  });
});
