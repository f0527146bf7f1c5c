/** Shows a running server to people and their tools, over HTTP. */
export { type HttpEndpoint, type HttpRequest, plain } from './http/endpoint.ts';
export { healthEndpoints } from './http/health.ts';
export { type HttpAddress, HttpServer } from './http/server.ts';
