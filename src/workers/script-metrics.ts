/** The metrics of the module prometheus, for the HTTP server. */
import { prometheusParameters } from '../modules/index.ts';
import { messageOf, type Program, type ScriptMetric } from '../runtime/index.ts';
import type { Administration } from './administration.ts';

export interface ScriptMetrics {
  readonly path: string;
  /** Empty if the current script does not load the module, or its metrics cannot be had. Never rejects. */
  readonly read: () => Promise<readonly ScriptMetric[]>;
}

export function scriptMetrics(administration: Administration, { parameters }: Program): ScriptMetrics {
  const { server } = administration;
  return {
    path: `/${parameters.get(prometheusParameters).root}`,
    read: async () => {
      if (!server.modules.some(({ name }) => name === 'prometheus')) return [];
      try {
        return (await administration.execute('prometheus:collect', {})) as readonly ScriptMetric[];
      } catch (error) {
        const reason = messageOf(error);
        server.log.warning(`the metrics of the module prometheus are left out: ${reason}`);
        return [];
      }
    },
  };
}
