/** What pike counts in the store: requests by period and address, and since when an address is known. */
import { isIPv6 } from 'node:net';
import type { Routing } from '../../runtime/index.ts';
import { defineParameters } from '../../script/index.ts';

export const parameters = defineParameters([
  {
    name: 'sampling_time_unit',
    type: 'int',
    default: 2,
    minimum: 1,
    maximum: 86_400,
    unit: 's',
    summary: 'The period in which requests are counted.',
  },
  {
    name: 'reqs_density_per_unit',
    type: 'int',
    default: 30,
    minimum: 1,
    summary:
      'From how many requests in a period on an address is blocked; a new address may send up to three times more.',
  },
  {
    name: 'remove_latency',
    type: 'int',
    default: 120,
    minimum: 1,
    maximum: 1_000_000,
    unit: 's',
    summary: 'How long an address is remembered after its last request.',
  },
  {
    name: 'check_route',
    type: 'string',
    default: null,
    routeKind: 'route',
    summary: 'The route that decides which addresses are checked by themselves.',
    inert: 'call pike_check_req() at the start of the script',
  },
  {
    name: 'pike_log_level',
    type: 'int',
    default: 1,
    minimum: -3,
    maximum: 4,
    summary: 'The level at which blocked addresses are logged.',
  },
]);

export const collection = 'pike';

/** The length of a period in ms, and the number of the present one. */
export function periodOf(routing: Routing): { readonly unit: number; readonly period: number } {
  const unit = 1000 * routing.parameters(parameters).sampling_time_unit;
  return { unit, period: Math.floor(routing.host.clock.date() / unit) };
}

/** Requests until a new address is known. */
export const untilKnown = (address: string, density: number): number =>
  (isIPv6(address) ? 15 : 3) * Math.max(1, density >> 2) + 1;
