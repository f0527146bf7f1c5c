import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs beside npm's packages that tests of test/interop start, and the Debian packages with them. */
export const commands = [
  { name: 'nginx', package: 'nginx', use: 'HTTP/1.1, TLS and HTTP/2 by ALPN' },
  { name: 'apache2', package: 'apache2', use: 'HTTP/2 by ALPN and by prior knowledge' },
  { name: 'lighttpd', package: 'lighttpd', use: 'Digest authentication by SHA-256' },
  { name: 'curl', package: 'curl', use: 'a rival in Digest authentication' },
  { name: 'nghttpd', package: 'nghttp2-server', use: 'HTTP/2 in clear text' },
  { name: 'dnsmasq', package: 'dnsmasq-base', use: 'DNS' },
  { name: 'tinyproxy', package: 'tinyproxy', use: 'an HTTP proxy' },
  { name: 'sipp', package: 'sip-tester', use: 'SIP traffic' },
  {
    name: 'kamailio',
    package: 'kamailio kamailio-tls-modules kamailio-websocket-modules',
    use: 'a SIP proxy before and behind',
  },
  { name: 'baresip', package: 'baresip-core', use: 'a phone that speaks TLS' },
  { name: 'rtpengine', package: 'rtpengine-daemon', use: 'a media relay' },
  { name: 'testssl', package: 'testssl.sh', use: 'weaknesses of TLS' },
  { name: 'redis-server', package: 'redis-server', use: 'Redis' },
  { name: 'logger', package: 'bsdutils', use: 'syslog' },
  { name: 'python3', package: 'python3-minimal', use: 'a syslog daemon' },
  { name: 'prlimit', package: 'util-linux', use: 'exhausted file descriptors' },
  { name: 'unshare', package: 'util-linux', use: 'local ports that are used up' },
  { name: 'ip', package: 'iproute2', use: 'the network that has few of them' },
  { name: 'chromium', package: 'chromium', use: 'the live page' },
  { name: 'prometheus', package: 'prometheus', use: 'scrapes metrics' },
  { name: 'promtool', package: 'prometheus', use: 'checks metrics and alert rules' },
  { name: 'systemd-analyze', package: 'systemd', use: 'the unit of examples/service' },
  { name: 'tshark', package: 'tshark', use: 'captures of siprest trace' },
  { name: 'openssl', package: 'openssl', use: 'certificates of the conformance vectors' },
] as const;

export type CommandName = (typeof commands)[number]['name'];

// servers stand in sbin, which is not in every user's PATH
const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

/** The full path of a program, or null when it is not installed. */
export function findCommand(name: CommandName): string | null {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // the next folder
    }
  }
  return null;
}

/** The full path of a program; throws with what to install when it is missing. */
export function commandPath(name: CommandName): string {
  const path = findCommand(name);
  if (path === null) {
    const missing = commands.find((command) => command.name === name);
    throw new Error(`${name} is not installed: apt-get install ${missing?.package ?? name}`);
  }
  return path;
}
