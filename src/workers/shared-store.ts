/** The store that a server shares with others, as its options or its script say. */
import { redisPackage } from '../redis/index.ts';
import { messageOf } from '../runtime/index.ts';
import type { Loaded } from './loaded.ts';
import type { ProcessOptions } from './sip-server.ts';
import { StartError } from './start-error.ts';
import { readStoreUrl, type StoreAddress } from './stores/redis/store-url.ts';

/** Undefined: none. @throws StartError */
export function sharedStoreOf({ program }: Loaded, { store }: ProcessOptions): StoreAddress | undefined {
  const url = store ?? program.settings.store ?? undefined;
  if (url === undefined) return undefined;
  try {
    redisPackage();
    return readStoreUrl(url);
  } catch (error) {
    throw new StartError(`the store: ${messageOf(error)}`);
  }
}
