import { describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { launchSiprest } from '../support/program.ts';

async function typed(...args: string[]) {
  const program = launchSiprest(args);
  return { code: await program.ended, stdout: program.stdout, stderr: program.stderr };
}

describe('siprest', () => {
  it('--help lists the commands', async () => {
    const { code, stdout, stderr } = await typed('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const command of ['run', 'check', 'send', 'tour'])
      expect(stdout).toMatch(RegExp(`^  ${command}\\b`, 'm'));
  });

  it.each([
    ['run', '--log-format'],
    ['check', '<files...>'],
    ['send', '--timeout'],
    ['tour', 'credit example'],
  ])('%s --help tells of %s', async (command, word) => {
    const { code, stdout } = await typed(command, '--help');
    expect(code).toBe(0);
    expect(stdout).toContain(`siprest ${command}`);
    expect(stdout).toContain(word);
  });

  it.each(['--version', '-V'])('%s prints the version of the package', async (option) => {
    expect(await typed(option)).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  });

  it('without a command prints its help and exits 1', async () => {
    const { code, stderr } = await typed();
    expect(code).toBe(1);
    expect(stderr).toContain('Commands:');
  });

  it.each([
    [['chek', 'x.cfg'], /unknown command 'chek'\n\(Did you mean check\?\)/],
    [['run'], /missing required argument 'file'/],
    [['run', '--log-format', 'xml', 'x.cfg'], /Allowed choices are text, json/],
    [['run', '--fast', 'x.cfg'], /unknown option '--fast'/],
    [['send', 'OPTIONS'], /missing required argument 'uri'/],
  ])(
    '%j is an error of the one who typed it: a short text on stderr, exit code 1',
    async (args, expected) => {
      const { code, stdout, stderr } = await typed(...args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(expected);
      expect(stderr).not.toMatch(/^\s+at /m);
    },
  );
});
