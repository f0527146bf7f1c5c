/** Puts a server together: for the test kit, which does so on simulated parts. */
export { LoadedPolicy, loadPolicy } from './load-policy.ts';
export { LoadedScript, loadSource } from './load-script.ts';
export { type Loaded, type LoadedSource, loadFrom, toLoaded } from './loaded.ts';
export { ProcessHost } from './process-host.ts';
export { RunningServer } from './running-server.ts';
export { loadScriptText } from './script-in-file.ts';
export { ServerLogs } from './server-logs.ts';
export type { ProcessOptions } from './sip-server.ts';
