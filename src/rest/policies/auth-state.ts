/** What is known of the tokens and challenges of a host. */
import type { Clock } from '../../timers/index.ts';
import { DigestSession } from './digest.ts';
import { TokenSource } from './token-source.ts';

export class AuthState {
  readonly tokens: TokenSource;
  readonly digest: DigestSession = new DigestSession();

  constructor(clock: Clock) {
    this.tokens = new TokenSource(clock);
  }
}
