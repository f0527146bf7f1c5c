/** `/healthz`: the process turns. `/readyz`: it serves new calls; load balancers and Kubernetes ask it. */
import type { Awaitable } from '../../timers/index.ts';
import { type HttpEndpoint, plain } from './endpoint.ts';

/** @param whyNotReady why new calls should go elsewhere; null if the server takes them */
export function healthEndpoints(whyNotReady: () => Awaitable<string | null>): readonly HttpEndpoint[] {
  return [
    { path: '/healthz', methods: ['GET'], answer: () => plain(200, 'ok') },
    {
      path: '/readyz',
      methods: ['GET'],
      answer: async () => {
        const reason = await whyNotReady();
        return reason === null ? plain(200, 'ready') : plain(503, reason);
      },
    },
  ];
}
