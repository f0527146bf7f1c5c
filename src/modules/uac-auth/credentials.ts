/** The credentials of a script: fixed ones, and one that a message brings along in AVPs. */
import { type Routing, type Run, StateKey } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { textOf } from '../parameter-text.ts';
import { parameters } from './parameters.ts';

export interface Credential {
  readonly user: string;
  /** Or `0x` and the hash of `user:realm:password`. */
  readonly password: string;
}

interface FixedCredential extends Credential {
  readonly realm: string;
}

/** Reads `user:realm:password`. @throws InvalidUse */
export function readCredential(text: string): FixedCredential {
  const [, user, realm, password] = /^([^:]+):([^:]*):(.+)$/s.exec(text) ?? [];
  // the text itself may be a password
  if (user === undefined || realm === undefined || password === undefined)
    throw new InvalidUse('a credential must be user:realm:password');
  return { user, realm, password };
}

const fixed = new StateKey<Routing, readonly FixedCredential[]>('uac credentials', (routing) =>
  routing.parameters(parameters).credential.map(readCredential),
);

/** A fixed credential for a realm. */
export const credentialFor = ({ states }: Routing, realm: string): Credential | null =>
  states.get(fixed).find((one) => one.realm === realm) ?? null;

/** The credential for a realm: of the AVPs, or a fixed one. */
export function credentialOf(run: Run, realm: string): Credential | null {
  const { auth_realm_avp, auth_username_avp, auth_password_avp } = run.parameters(parameters);
  const user = textOf(run, auth_username_avp);
  const password = textOf(run, auth_password_avp);
  if (textOf(run, auth_realm_avp) === realm && user !== null && password !== null) return { user, password };
  return credentialFor(run.routing, realm);
}
