/** The parameters of uac_auth. Source: modules/uac_auth of the manual. */
import { defineParameter, defineParameters } from '../../script/index.ts';

const avp = <const Name extends string>(name: Name, what: string) =>
  defineParameter({
    name,
    type: 'string',
    default: null,
    summary: `The AVP with ${what} of a message, as \`$avp(name)\`; it goes before the fixed credentials.`,
  });

export const parameters = defineParameters([
  {
    name: 'credential',
    type: 'string',
    default: null,
    repeated: true,
    summary: '`user:realm:password`; the password may be `0x` and the hash of those three.',
  },
  avp('auth_realm_avp', 'the realm'),
  avp('auth_username_avp', 'the user name'),
  avp('auth_password_avp', 'the password, or `0x` and its hash,'),
]);
