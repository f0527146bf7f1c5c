/** Where a Redis server is: the URLs of cachedb_url and of `siprest run --store`. */
import { InvalidUse } from '../script/index.ts';

export interface RedisHost {
  readonly host: string;
  readonly port: number;
}

export interface RedisAddress {
  /** The scheme and the group, as scripts name the connection: `redis`, `redis:group1`. */
  readonly id: string;
  /** Tried in turn; several are copies of each other. */
  readonly hosts: readonly RedisHost[];
  /** The path of a UNIX socket, used instead of the hosts. */
  readonly socket: string | null;
  readonly user: string | null;
  readonly password: string | null;
  /** The number of the database. */
  readonly database: number;
  readonly isSecure: boolean;
  /** What follows the `?`. */
  readonly options: ReadonlyMap<string, string>;
}

const standardPort = 6379;
const form =
  /^(?<scheme>rediss?)(?::(?<group>[^:/]+))?:\/\/(?:(?<login>.*)@)?(?<hosts>[^@/?]*)(?:\/(?<database>[^?]*))?(?:\?(?<options>.*))?$/s;
const example = 'for example redis:group1://user:password@127.0.0.1:6379/0';

/**
 * Reads `redis:GROUP://USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?NAME=VALUE`, of which all but the scheme and a host may
 * be left out. User and password are taken as they are, unless `decode` says otherwise; the last `@` ends them.
 * Messages never show the password. @throws InvalidUse
 */
export function parseRedisAddress(url: string, decode = (text: string) => text): RedisAddress {
  const parts = form.exec(url)?.groups;
  if (parts === undefined)
    throw new InvalidUse(`invalid URL "${withoutLogin(url)}" of a Redis server`, example);
  const { scheme = '', group, login, hosts = '', database = '', options = '' } = parts;
  const shown = withoutLogin(url);
  const [user, password] = loginOf(login, shown);
  if (!/^\d{0,5}$/.test(database))
    throw new InvalidUse(`invalid database "${database}" in "${shown}"`, 'a number, such as 0');
  const settings = new Map(
    options
      .split('&')
      .filter((one) => one !== '')
      .map((one) => [one.replace(/=.*$/s, ''), one.includes('=') ? one.slice(one.indexOf('=') + 1) : '']),
  );
  const socket = settings.get('socket') ?? null;
  const list = hosts === '' ? [] : hosts.split(',').map((one) => hostOf(one, shown));
  if (list.length === 0 && socket === null) throw new InvalidUse(`no host in "${shown}"`, example);
  if (list.length > 1 && socket !== null)
    throw new InvalidUse(`"${shown}" has several hosts and a socket`, 'keep one of them');
  return {
    id: group === undefined ? scheme : `${scheme}:${group}`,
    hosts: list,
    socket,
    user: user === null ? null : decode(user),
    password: password === null ? null : decode(password),
    database: Number(database),
    isSecure: scheme === 'rediss',
    options: settings,
  };
}

/** The URL as messages show it. */
export const withoutLogin = (url: string): string => url.replace(/\/\/.*@/s, '//***@');

function loginOf(login: string | undefined, shown: string): readonly [string | null, string | null] {
  if (login === undefined) return [null, null];
  const colon = login.indexOf(':');
  if (colon < 0 || colon === login.length - 1)
    throw new InvalidUse(
      `no password in "${shown}"`,
      'write redis://:PASSWORD@HOST or redis://USER:PASSWORD@HOST',
    );
  return [colon === 0 ? null : login.slice(0, colon), login.slice(colon + 1)];
}

function hostOf(text: string, shown: string): RedisHost {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i.exec(text);
  const port = Number(match?.[3] ?? standardPort);
  if (match === null || port < 1 || port > 65_535)
    throw new InvalidUse(`invalid host "${text}" in "${shown}"`, example);
  return { host: match[1] ?? match[2] ?? '', port };
}
