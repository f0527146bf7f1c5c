/** What the servers are given to do: calls at a rate, whether or not they are served, and what became of them. */

import { findCommand } from '../../test/support/commands.ts';
import { runSipp, startSippCallee } from '../../test/support/sipp.ts';
import { calleeOfEither, callOfEither } from '../../test/support/sipp-calls.ts';
import { quantile } from '../statistics.ts';
import type { Neighbours, WorkName } from './configurations.ts';
import { compile, compilerIsThere, runLoad } from './generator.ts';
import type { MeasuredServer } from './servers.ts';

export interface Load {
  /** Calls a second. */
  readonly rate: number;
  readonly seconds: number;
}

export interface Outcome {
  readonly offered: number;
  readonly served: number;
  /** Every call was served, in time, and nothing had to be sent again. */
  readonly isLossless: boolean;
  /** From the request to its first reply from behind the server, in ms. */
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
}

export interface Work {
  readonly name: WorkName;
  /** Of one call. */
  readonly title: string;
  /** What it lacks on this machine; null if it can be done. */
  missing(): string | null;
  offer(server: MeasuredServer, load: Load, neighbours: Neighbours): Promise<Outcome>;
}

let generator: string | null = null;

const answered: Work = {
  name: 'answered',
  title: 'answered call: OPTIONS, one query, 200',
  missing: () => (compilerIsThere() ? null : 'gcc is not installed'),
  async offer({ port }, load) {
    generator ??= compile('load');
    const { usual } = await runLoad(generator, { port, ...load });
    const { sent: offered, answered: served, p50, p99, most: longest } = usual;
    return { offered, served, isLossless: served === offered, p50, p99, longest };
  },
};

/** As many calls at a time as there may be, and what arrives while a busy machine lets SIPp wait is kept, not lost. */
const SIPP_ARGUMENTS = ['-l', '100000', '-buff_size', '4194304'];

const relayed: Work = {
  name: 'relayed',
  title: 'relayed call: INVITE, one query, 180, 200, ACK, BYE, 200, with Record-Route',
  missing: () => (findCommand('sipp') === null ? 'not installed (apt-get install sip-tester)' : null),
  async offer({ port }, { rate, seconds }, { callee }) {
    const calls = Math.round(rate * seconds);
    const common = { seconds: 3 * seconds + 60, args: SIPP_ARGUMENTS };
    // an INVITE that comes again when its call is over is a call to SIPp: it must not stop for having had enough
    const called = await startSippCallee({
      ...common,
      calls: 10 * calls,
      port: callee,
      scenario: calleeOfEither(),
    });
    try {
      const began = performance.now();
      const outcome = await runSipp({ ...common, calls, rate, port, scenario: callOfEither() });
      const took = (performance.now() - began) / 1000;
      const { succeeded, responseTimes, retransmissions } = outcome;
      return {
        offered: calls,
        served: succeeded,
        // SIPp that falls behind offers less; a call of its own takes up to 1.1 s
        isLossless: succeeded === calls && retransmissions === 0 && took < 1.1 * seconds + 2,
        p50: quantile(responseTimes, 0.5),
        p99: quantile(responseTimes, 0.99),
        longest: quantile(responseTimes, 1),
      };
    } finally {
      await called.close(); // a call that succeeded for the caller has had its BYE answered by this one
    }
  },
};

const accounted: Work = {
  ...relayed,
  name: 'accounted',
  title: 'relayed call with dialog and acc: as a relayed call, followed as a dialog, with a CDR in the log',
};

export const works: Readonly<Record<WorkName, Work>> = { answered, relayed, accounted };
