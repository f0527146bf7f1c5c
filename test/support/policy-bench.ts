import type { PolicyDefinition } from '../../src/routing/index.ts';
import { closeLater } from './close-later.ts';
import { startPolicy, type TestServer, type TestServerOptions } from './server.ts';
import { SipPeer } from './sip-peer.ts';

/** A server that runs a policy, between a caller and callees. */
export interface PolicyBench {
  readonly server: TestServer;
  /** The server's UDP port. */
  readonly port: number;
  readonly caller: SipPeer;
}

/** Starts a policy, whose callees are peers opened before. */
export async function policyBench<State extends object>(
  definition: PolicyDefinition<State>,
  options: Omit<TestServerOptions, 'functions'> = {},
): Promise<PolicyBench> {
  const caller = await SipPeer.open();
  const server = closeLater(await startPolicy(definition, options));
  return { server, port: server.port, caller };
}
