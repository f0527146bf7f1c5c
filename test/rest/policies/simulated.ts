/** The policies of one host around a service that is a function, on a simulated clock. */
import {
  type BodyRequestOptions,
  type HostOptions,
  type HttpRequest,
  type Outcome,
  RestClient,
  RestShared,
  type Send,
} from '../../../src/rest/index.ts';
import { HostSender } from '../../../src/rest/policies/host-policies.ts';
import { readHosts } from '../../../src/rest/policies/host-rules.ts';
import { HandlerSender } from '../../../src/rest/policies.ts';
import { SimulatedClock } from '../../../src/timers/index.ts';

export interface Simulation {
  readonly clock: SimulatedClock;
  readonly shared: RestShared;
  /** What was logged. */
  readonly lines: string[];
  /** What reached the service. */
  readonly sent: HttpRequest[];
  /** Sends a request. */
  ask(method?: string, url?: string, options?: BodyRequestOptions): Promise<Outcome>;
}

/** @param service what becomes of each attempt, and when */
export function simulate(
  host: HostOptions,
  service: (request: HttpRequest, clock: SimulatedClock) => Outcome | Promise<Outcome>,
  { random = () => 0.5, timeout = 10_000 }: { random?: () => number; timeout?: number } = {},
): Simulation {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  const shared = new RestShared({ clock, random });
  const lines: string[] = [];
  const sent: HttpRequest[] = [];
  const { names, states, transfers } = shared;
  const environment = {
    clock,
    names,
    random,
    states,
    transfers,
    trust: '',
    sharing: shared.sharing,
    maxBodySize: 10_000_000,
    bodies: shared.bodies,
    authorities: () => shared.tls.fingerprint(''),
    log: (_: string, line: string) => lines.push(line),
  };
  const rules = readHosts({ '*': host });
  const end = (): Send => async (request) => {
    sent.push(request);
    return service(request, clock);
  };
  const client = new RestClient({
    clock,
    shared,
    timeout,
    policies: [(next) => new HostSender(rules, environment, new HandlerSender(next)).send, end],
  });
  return {
    clock,
    shared,
    lines,
    sent,
    ask: (method = 'GET', url = 'http://credit.test/', options = {}) => client.request(method, url, options),
  };
}

/** Moves the clock in steps until the request is over. */
export async function ended<T>(
  outcome: Promise<T>,
  { clock }: { readonly clock: SimulatedClock },
  step = 10,
): Promise<T> {
  const over = { yes: false };
  void outcome.finally(() => {
    over.yes = true;
  });
  while (!over.yes) await clock.pass(step);
  return outcome;
}
