import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { freePort } from './ports.ts';

it("returns ports that nobody else gets, neither another test nor the kernel's choice", async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
  const [first = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'latin1')
    .split(/\s+/)
    .map(Number);
  expect(Math.max(...ports)).toBeLessThan(first);
});
