import { describe, expect, test } from 'vitest';
import { runScript } from '../support/run-script.ts';

describe('names of older versions', () => {
  test.each([
    ['rewriteuri("sip:x@y.example");', 'sip:x@y.example'],
    ['rewritehost("h.example");', 'sip:bob@h.example'],
    ['rewriteuser("carol"); rewritehostport("h.example:5070");', 'sip:carol@h.example:5070'],
    ['rewriteport("5070"); rewriteuserpass("secret");', 'sip:bob:secret@biloxi.example:5070'],
  ])('%s', async (statements, expected) => {
    const { prints } = await runScript(`$ru = "sip:bob@biloxi.example"; ${statements} xlog("$ru");`);
    expect(prints).toEqual([expected]);
  });

  test('$Ri, $Rp, $pr, $proto, $af, and $rT, the kind of the top route', async () => {
    const { prints } = await runScript('xlog("$Ri $Rp $pr $proto $af $rT"); route(inner);', {
      rest: 'route[inner] { xlog("$rT $(Ri{s.len})"); }',
    });
    expect(prints).toEqual(['127.0.0.1 5060 udp udp INET route', 'route 9']);
  });

  test('move_branch() and swap_branches() count from the first added branch', async () => {
    const { prints } = await runScript(
      `$ru = "sip:main@x.example"; append_branch("sip:a@x.example"); append_branch("sip:b@x.example");
       swap_branches(0, 1); xlog("$(msg.branch.uri[*])");
       swap_branches(, 0); xlog("$(msg.branch.uri[*])");
       move_branch(1, -1, "keep"); xlog("$(msg.branch.uri[*])");
       move_branch(1, 0); xlog("$(msg.branch.uri[*])");`,
    );
    expect(prints).toEqual([
      'sip:main@x.example, sip:b@x.example, sip:a@x.example',
      'sip:b@x.example, sip:main@x.example, sip:a@x.example',
      'sip:a@x.example, sip:main@x.example, sip:a@x.example',
      'sip:a@x.example, sip:a@x.example',
    ]);
  });

  test('keywords from before version 3 have the values of their variables', async () => {
    const { prints } = await runScript(
      `$ru = "sip:bob@127.0.0.1";
       if (method == INVITE && src_ip != 203.0.113.0/24 && proto == UDP && af == INET) xlog("request");
       if (uri =~ "^sip:bob@" && from_uri != myself) xlog("uris");
       if (msg:len < max_len && msg:len > 20) xlog("length");
       is_myself("");
       if (retcode == -1) xlog("failed");`,
    );
    expect(prints).toEqual(['request', 'uris', 'length', 'failed']);
  });
});
