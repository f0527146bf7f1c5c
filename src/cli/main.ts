#!/usr/bin/env node
// Before anything else is loaded: of itself Node opens its debugger on a port at SIGUSR1, and ends at SIGUSR2.
for (const signal of ['SIGUSR1', 'SIGUSR2'] as const) process.on(signal, () => undefined);
void import('./entry.ts').then(({ enter }) => enter());
