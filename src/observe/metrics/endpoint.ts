/** `/metrics`, in the format that the client prefers. */
import type { HttpAnswer, HttpEndpoint } from '../http/endpoint.ts';
import type { Metrics } from './family.ts';
import { contentTypes, formatFor, type MetricFormat, metricsText } from './text.ts';

/** @param read the current values; clients that ask at the same time share one reading and one text */
export function metricsEndpoint(path: string, read: () => Promise<Metrics>): HttpEndpoint {
  const pending = new Map<MetricFormat, Promise<HttpAnswer>>();
  const answer = async (format: MetricFormat): Promise<HttpAnswer> => ({
    status: 200,
    type: contentTypes[format],
    headers: { vary: 'accept' },
    body: Buffer.from(metricsText(await read(), format)),
  });
  return {
    path,
    methods: ['GET'],
    answer: ({ headers }) => {
      const format = formatFor(headers.accept);
      const running = pending.get(format);
      if (running !== undefined) return running;
      const next = answer(format).finally(() => pending.delete(format));
      pending.set(format, next);
      return next;
    },
  };
}
