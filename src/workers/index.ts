/** Puts a server together: for the test kit, which does so on simulated parts. */
export { evaluatePolicy, LoadedPolicy, loadPolicy, type PolicySource } from './load-policy.ts';
export { LoadedScript, loadScript } from './load-script.ts';
export { type Loaded, toLoaded } from './loaded.ts';
export { ProcessHost } from './process-host.ts';
export { RunningServer } from './running-server.ts';
export { ServerLogs } from './server-logs.ts';
export type { ProcessOptions } from './sip-server.ts';
