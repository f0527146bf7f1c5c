/** The events of uac_registrant. Source: modules/uac_registrant of the manual. */
import { raiseEvent } from '../../engine/index.ts';
import type { RunRouting } from '../../runtime/index.ts';
import type { EventSpec } from '../../script/index.ts';
import type { Registration, RegistrationState } from './registration.ts';

const summaries: Readonly<Partial<Record<RegistrationState, string>>> = {
  REGISTERING: 'A REGISTER was sent.',
  AUTHENTICATING: 'A REGISTER was challenged, and is sent again with credentials.',
  REGISTERED: 'A registration was accepted.',
  REGISTER_TIMEOUT: 'A registrar has not answered.',
  INTERNAL_ERROR: 'A registration has failed here.',
  WRONG_CREDENTIALS: 'A registrar has refused the credentials, or there are none.',
  REGISTRAR_ERROR: 'A registrar has refused a registration.',
  UNREGISTERING: 'A registration is taken back.',
  AUTHENTICATING_UNREGISTER: 'Taking back a registration was challenged, and is sent again with credentials.',
};

const nameOf = (state: RegistrationState) => `E_REGISTRANT_${state}`;

export const events: readonly EventSpec[] = Object.entries(summaries).map(([state, summary]) => ({
  name: nameOf(state as RegistrationState),
  attributes: [
    { name: 'aor', summary: 'The address of record.' },
    { name: 'contact', summary: 'The URI of the Contact.' },
    { name: 'registrar', summary: 'The URI of the registrar.' },
  ],
  summary,
  source: 'modules/uac_registrant',
}));

export function raiseState(routing: RunRouting, { state, registrant }: Registration): void {
  if (summaries[state] === undefined) return;
  const { aor, contact, registrar } = registrant;
  raiseEvent(routing, nameOf(state), [
    { name: 'aor', value: aor },
    { name: 'contact', value: contact },
    { name: 'registrar', value: registrar },
  ]);
}
