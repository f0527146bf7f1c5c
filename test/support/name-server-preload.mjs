/**
 * Loaded before a program (`NODE_OPTIONS=--import=…`): it asks the name server at NAME_SERVER instead of those of
 * /etc/resolv.conf, which tests cannot write.
 */
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';

dns.Resolver = class extends dns.Resolver {
  constructor(options) {
    super(options);
    this.setServers([process.env['NAME_SERVER'] ?? '']);
  }
};
syncBuiltinESMExports();
