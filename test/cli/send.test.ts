import dgram from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBuilt } from '../support/built-command.ts';
import { closeLater } from '../support/close-later.ts';
import { freePort } from '../support/ports.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

interface Agent {
  readonly port: number;
  /** What it was sent, as byte strings. */
  readonly received: readonly string[];
  close(): void;
}

/** A user agent server: answers the nth datagram as `answers` says, each by a status line and further lines. */
async function startAgent(...answers: readonly (readonly string[])[]): Promise<Agent> {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const received: string[] = [];
  socket.on('message', (data, from) => {
    const text = data.toString('latin1');
    for (const answer of answers[received.length] ?? []) {
      const [line, body = ''] = answer.split('\n');
      const copied = text
        .split('\r\n')
        .filter((header) => /^(?:Via|From|To|Call-ID|CSeq):/i.test(header))
        .map((header) => (/^To:/i.test(header) ? `${header};tag=agent` : header));
      const reply = `SIP/2.0 ${line ?? ''}\r\n${copied.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      socket.send(Buffer.from(reply, 'latin1'), from.port, from.address);
    }
    received.push(text);
  });
  return closeLater({ port: socket.address().port, received, close: () => socket.close() });
}

async function send(...args: string[]) {
  const { code, stdout, stderr } = await runBuilt(['send', ...args]);
  const lines = stdout.trimEnd().split('\n');
  return {
    code,
    stderr,
    /** Without the times. */
    lines: lines.map((line) => line.replace(/^ *\d+\.\d ms {2}/, '')),
    times: lines.flatMap((line) => /^ *(\d+\.\d) ms/.exec(line)?.[1] ?? []).map(Number),
  };
}

const headerOf = (text: string | undefined, name: string) =>
  new RegExp(`^${name}: (.*?)\\r?$`, 'im').exec(text ?? '')?.[1];

describe('siprest send', () => {
  it('sends a request and prints the replies with their times', async () => {
    const agent = await startAgent(['100 Trying', '180 Ringing', '200 OK']);
    const uri = `sip:bob@127.0.0.1:${agent.port}`;
    const { code, lines, times, stderr } = await send('options', uri);
    expect([code, stderr]).toEqual([0, '']);
    expect(lines).toEqual([
      `-> OPTIONS ${uri} to 127.0.0.1:${agent.port}`,
      '<- 100 Trying',
      '<- 180 Ringing',
      '<- 200 OK',
    ]);
    expect(times).toHaveLength(4);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(agent.received).toHaveLength(1);
    expect(agent.received[0]).toMatch(/^OPTIONS sip:bob@127\.0\.0\.1:\d+ SIP\/2\.0\r\n/);
    expect(headerOf(agent.received[0], 'To')).toBe(`<${uri}>`);
  });

  it('sends the values of --to, --from, --header, --body and --content-type, UTF-8 included', async () => {
    const agent = await startAgent(['200 OK\nthe answer']);
    const { code, lines } = await send(
      'MESSAGE',
      `sip:bob@127.0.0.1:${agent.port}`,
      ...['--to', 'sip:carol@b.example', '--from', '"Zoë" <sip:zoe@a.example>'],
      ...[
        '--header',
        'X-Account: 7',
        '-H',
        'Subject: grüße',
        '--body',
        'größer',
        '--content-type',
        'text/x-test',
      ],
    );
    expect(code).toBe(0);
    expect(lines.at(-1)?.trim()).toBe('the answer');
    const text = Buffer.from(agent.received[0] ?? '', 'latin1').toString('utf8');
    expect(headerOf(text, 'To')).toBe('<sip:carol@b.example>');
    expect(headerOf(text, 'From')).toMatch(/^"Zoë" <sip:zoe@a\.example>;tag=/);
    expect(headerOf(text, 'X-Account')).toBe('7');
    expect(headerOf(text, 'Subject')).toBe('grüße');
    expect(headerOf(text, 'Content-Type')).toBe('text/x-test');
    expect(headerOf(text, 'Content-Length')).toBe('8');
    expect(text).toMatch(/\r\n\r\ngrößer$/);
  });

  it('reads the body from a file with @', async () => {
    const agent = await startAgent(['202 Accepted']);
    const file = join(temporaryFolder('send'), 'body.bin');
    const content = Buffer.from([0, 1, 2, 255, 254, 13, 10]);
    writeFileSync(file, content);
    const { code } = await send('MESSAGE', `sip:127.0.0.1:${agent.port}`, '--body', `@${file}`);
    expect(code).toBe(0);
    expect(agent.received[0]?.endsWith(`\r\n\r\n${content.toString('latin1')}`)).toBe(true);
  });

  it('exits 1 for a final reply that is not a 2xx', async () => {
    const agent = await startAgent(['603 Decline']);
    const { code, lines } = await send('OPTIONS', `sip:127.0.0.1:${agent.port}`);
    expect([code, lines.at(-1)]).toEqual([1, '<- 603 Decline']);
  });

  it('acknowledges the final reply to an INVITE', async () => {
    const agent = await startAgent(['486 Busy Here']);
    expect((await send('INVITE', `sip:bob@127.0.0.1:${agent.port}`)).code).toBe(1);
    await until(() => agent.received.length === 2);
    expect(agent.received.map((text) => text.split(' ')[0])).toEqual(['INVITE', 'ACK']);
    expect(headerOf(agent.received[1], 'To')).toContain(';tag=agent');
  });

  it('retransmits until it is answered, and reports it', async () => {
    const agent = await startAgent([], [], ['200 OK']);
    const { code, lines } = await send('OPTIONS', `sip:127.0.0.1:${agent.port}`);
    expect(code).toBe(0);
    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/, sent 2 times$/),
      expect.stringMatching(/, sent 3 times$/),
      '<- 200 OK',
    ]);
    expect(new Set(agent.received).size).toBe(1);
    expect(agent.received).toHaveLength(3);
  });

  it('gives up after --timeout seconds, and exits 2', async () => {
    const { code, lines, times } = await send(
      ...['OPTIONS', `sip:127.0.0.1:${await freePort()}`, '--timeout', '0.7'],
    );
    expect(code).toBe(2);
    expect(lines.at(-1)).toBe('no final reply within 0.7 s');
    expect(times.at(-1)).toBeGreaterThanOrEqual(699);
  });

  it('sends to --proxy instead', async () => {
    const agent = await startAgent(['200 OK']);
    const { code, lines } = await send('OPTIONS', 'sip:bob@b.example', '--proxy', `127.0.0.1:${agent.port}`);
    expect(code).toBe(0);
    expect(lines[0]).toBe(`-> OPTIONS sip:bob@b.example to 127.0.0.1:${agent.port}`);
  });

  it.each([
    ['an invalid URI', ['OPTIONS', 'bob'], /URI/],
    ['an invalid method', ['OPT IONS', 'sip:127.0.0.1:5999'], /method/i],
    ['a host that does not resolve', ['OPTIONS', 'sip:no-such-host.invalid'], /no-such-host\.invalid/],
    ['an invalid header', ['OPTIONS', 'sip:127.0.0.1:5999', '-H', 'nothing'], /header/],
    ['a header with a line break in it', ['OPTIONS', 'sip:127.0.0.1:5999', '-H', 'X: a\r\n\r\nb'], /header/],
    ['an invalid timeout', ['OPTIONS', 'sip:127.0.0.1:5999', '--timeout', 'soon'], /number of seconds/],
    [
      'a body from a missing file',
      ['MESSAGE', 'sip:127.0.0.1:5999', '--body', '@/no/such/file'],
      /cannot read \/no\/such\/file: no such file/,
    ],
  ])('says what is wrong with %s, and sends nothing', async (_, args, expected) => {
    const { code, stderr, lines } = await send(...args);
    expect([code, lines]).toEqual([1, ['']]);
    expect(stderr).toMatch(expected);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
