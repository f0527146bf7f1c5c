/** The global parameters of a script, as the server uses them. */
import { expect, test } from 'vitest';
import { programOf } from '../support/server.ts';

const settingsOf = (text: string) => programOf(`${text}\nroute { exit; }\n`).settings;

test('an unset parameter has the default of its row', () => {
  expect(settingsOf('')).toMatchObject({
    logLevel: 2,
    stderror: { enabled: true, format: 'plain_text', level: null },
    syslog: { enabled: false, format: 'plain_text', level: null, facility: 'LOG_DAEMON', name: 'siprest' },
    names: { timeout: 2000, tries: 2, search: true },
    tcp: { connectTimeout: 10_000, idleTimeout: 120_000, messageTimeout: 4000, accepted: 2048 },
    scriptTimeLimit: 1000,
    disableStatelessForwarding: null,
    userAgent: null,
    serverHeader: 'siprest',
  });
});

test('0 means what the row says', () => {
  expect(
    settingsOf('dns_retr_time=0 dns_retr_no=0 tcp_connection_lifetime=0 script_time_limit=0'),
  ).toMatchObject({
    names: { timeout: 2000, tries: 2 },
    tcp: { idleTimeout: 1000 },
    scriptTimeLimit: Number.POSITIVE_INFINITY,
  });
  expect(settingsOf('stderror_level_filter=0').stderror.level).toBe(0);
});

test('header lines are split into the values of their headers', () => {
  const set = 'user_agent_header="User-Agent: Mine" server_header="server:  Ours"';
  expect(settingsOf(set)).toMatchObject({ userAgent: 'Mine', serverHeader: 'Ours' });
  expect(settingsOf(`${set} server_signature=no`).serverHeader).toBeNull();
});
