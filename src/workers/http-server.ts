/** Opens the HTTP server of a running server; what it serves is put together here. */
import {
  familiesOf,
  type HttpAddress,
  type HttpEndpoint,
  HttpServer,
  healthEndpoints,
  metricsEndpoint,
  PageFeed,
  pageEndpoints,
} from '../observe/index.ts';
import { messageOf } from '../runtime/index.ts';
import { every, systemClock } from '../timers/index.ts';
import { AttachedServer } from './attached-server.ts';
import { FIGURES } from './figures.ts';
import type { ScriptMetrics } from './script-metrics.ts';
import type { SipServer } from './sip-server.ts';

/** How often it tries again to listen on an address that cannot be used, in ms. */
const retryPeriod = 1000;
const warningLevel = 1;
const noticeLevel = 2;

/**
 * Serves HTTP as long as the server runs. If the address cannot be used, as long as a predecessor finishes its calls,
 * logs that and tries again until it can: calls do not depend on it.
 *
 * @param further metrics and endpoints of modules
 */
export async function withHttp(
  server: SipServer,
  address: HttpAddress,
  further: { readonly metrics: ScriptMetrics; readonly endpoints: readonly HttpEndpoint[] },
): Promise<SipServer> {
  const feed = new PageFeed(() => server.status());
  const endpoints = [
    ...metricsEndpoints(server, further.metrics),
    ...healthEndpoints(() => server.whyNotReady()),
    ...pageEndpoints(feed),
    ...further.endpoints,
  ];
  let http: HttpServer | null = null;
  const open = async (): Promise<string | null> => {
    try {
      http = await HttpServer.listen({
        address,
        endpoints,
        onError: (text) => server.log.error(`HTTP: ${text}`),
      });
    } catch (error) {
      return messageOf(error);
    }
    const { host, port } = http.address;
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
    server.log.lifecycle(`HTTP is served at ${url}`, { event: 'http', url }, noticeLevel);
    return null;
  };
  const failure = await open();
  if (failure === null)
    return new AttachedServer(server, {
      close: () => {
        feed.close();
        http?.close();
      },
    });
  server.log.lifecycle(`cannot serve HTTP yet, and keeps trying: ${failure}`, {}, warningLevel);
  let isTrying = false;
  const retry = every(systemClock, retryPeriod, () => {
    if (isTrying) return;
    isTrying = true;
    void open().then((reason) => {
      isTrying = false;
      if (reason === null) retry.stop();
    });
  });
  return new AttachedServer(server, {
    close: () => {
      retry.stop();
      feed.close();
      http?.close();
    },
  });
}

const ownPath = '/metrics';

function metricsEndpoints(server: SipServer, { path, read }: ScriptMetrics): readonly HttpEndpoint[] {
  const own = metricsEndpoint(ownPath, async () => {
    const [status, ofScript] = await Promise.all([server.status(), path === ownPath ? read() : []]);
    return { families: familiesOf([...FIGURES, ...status.ownFigures], status), ofScript };
  });
  if (path === ownPath) return [own];
  return [metricsEndpoint(path, async () => ({ families: [], ofScript: await read() })), own];
}
