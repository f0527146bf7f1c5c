/**
 * Loaded before a program (`NODE_OPTIONS=--import=…`): it reads another file for /etc/resolv.conf, which tests cannot write.
 * The file RESOLV_CONF; without it, one that names the server at NAME_SERVER.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { readFileSync, statSync } = fs;
const isConfig = (path) => path === '/etc/resolv.conf';
const own = process.env['RESOLV_CONF'];

fs.readFileSync = (path, ...rest) => {
  if (!isConfig(path)) return readFileSync(path, ...rest);
  return own === undefined ? `nameserver ${process.env['NAME_SERVER'] ?? ''}\n` : readFileSync(own, ...rest);
};
fs.statSync = (path, ...rest) => statSync(isConfig(path) && own !== undefined ? own : path, ...rest);
syncBuiltinESMExports();
