/** Shows a running server to people and their tools. */
export type { Channel } from './administration/channel.ts';
export { commandArguments } from './administration/command-arguments.ts';
export { openDatagrams } from './administration/datagram.ts';
export { Fifo } from './administration/fifo.ts';
export { joinResults } from './administration/join-results.ts';
export { answerJsonRpc, longestRequest, RpcFailure, tooLong } from './administration/json-rpc.ts';
export { miEndpoint } from './administration/mi-endpoint.ts';
export { HepCollectors, noCollectors } from './hep/collectors.ts';
export { type HttpEndpoint, type HttpRequest, plain } from './http/endpoint.ts';
export { healthEndpoints } from './http/health.ts';
export { type HttpAddress, HttpServer } from './http/server.ts';
export { metricsEndpoint } from './metrics/endpoint.ts';
export { familiesOf, type MetricFamily, metricName } from './metrics/family.ts';
export { pageEndpoints } from './page/endpoints.ts';
export { PageFeed } from './page/feed.ts';
export { openTelemetry } from './traces/open-telemetry.ts';
