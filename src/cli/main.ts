#!/usr/bin/env node
// Before anything else is loaded: by default Node opens its debugger on SIGUSR1, and exits on SIGUSR2.
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => undefined);
void import('./entry.ts').then(({ enter }) => enter());
