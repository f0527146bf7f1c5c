/** The uac_auth module: the credentials of uac and uac_registrant. Source: modules/uac_auth of the manual. */
import { defineModule } from '../../runtime/index.ts';
import { InvalidUse } from '../../script/index.ts';
import { avpName } from '../parameter-text.ts';
import { readCredential } from './credentials.ts';
import { parameters } from './parameters.ts';

const avps = ['auth_realm_avp', 'auth_username_avp', 'auth_password_avp'] as const;

export const uacAuth = defineModule({
  name: 'uac_auth',
  summary: 'Credentials for carriers, which uac and uac_registrant use.',
  source: 'modules/uac_auth',
  parameters,
  validate: (values) => {
    for (const text of values.credential) readCredential(text);
    const given = avps.filter((name) => values[name] !== null);
    const wrong = given.find((name) => avpName(values[name]) === null);
    if (wrong !== undefined) throw new InvalidUse(`${wrong} must be an AVP, as $avp(name)`);
    if (given.length > 0 && given.length < avps.length)
      throw new InvalidUse(`${given.join(' and ')} needs the others: ${avps.join(', ')}`);
    return [];
  },
});
