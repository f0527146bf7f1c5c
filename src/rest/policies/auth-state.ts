/** What is known of the tokens and challenges of a host. */
import type { Clock } from '../../timers/index.ts';
import { DigestSession } from './digest.ts';
import { type SharedToken, TokenSource } from './token-source.ts';

export class AuthState {
  readonly tokens: TokenSource;
  readonly digest: DigestSession = new DigestSession();

  constructor(clock: Clock, token: SharedToken | null) {
    this.tokens = new TokenSource(clock, token);
  }
}
