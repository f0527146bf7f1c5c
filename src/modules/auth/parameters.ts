/** The parameters of auth. Source: modules/auth of the manual. */
import { defineParameters } from '../../script/index.ts';

export const parameters = defineParameters([
  {
    name: 'secret',
    type: 'string',
    default: null,
    summary: 'The secret of nonces, of 32 characters; default a random one, which all processes share.',
  },
  {
    name: 'nonce_expire',
    type: 'int',
    default: 30,
    minimum: 1,
    unit: 's',
    summary: 'How long a nonce is valid.',
  },
  { name: 'username_spec', type: 'string', default: null, summary: 'The variable with the user name.' },
  {
    name: 'password_spec',
    type: 'string',
    default: null,
    summary: 'The variable with the password, or its hash: see calculate_ha1.',
  },
  {
    name: 'calculate_ha1',
    type: 'boolean',
    default: false,
    summary: 'Whether password_spec is a password; otherwise it is the hash of `user:realm:password`.',
  },
  {
    name: 'realm_prefix',
    type: 'string',
    default: '',
    summary: 'Cut off the front of realms that come from a message.',
  },
  {
    name: 'disable_nonce_check',
    type: 'boolean',
    default: true,
    summary: 'Whether a nonce may be used again.',
    inert: 'a nonce may be used until it expires',
  },
  {
    name: 'max_failures',
    type: 'int',
    default: 10,
    minimum: 0,
    maximum: 1_000_000,
    summary:
      'How many authentications of one user may fail in a minute from one address, and ten times as many of all users; then only one in failure_pause is checked, and others fail like wrong passwords. 0: any number.',
  },
  {
    name: 'failure_pause',
    type: 'int',
    default: 5,
    minimum: 1,
    maximum: 3600,
    unit: 's',
    summary: 'How long authentications fail unseen after one that has failed, when there were too many.',
  },
  { name: 'rpid_avp', type: 'string', default: '$avp(rpid)', summary: 'The AVP for append_rpid_hf().' },
  { name: 'rpid_prefix', type: 'string', default: '', summary: 'Text before the value in Remote-Party-ID.' },
  {
    name: 'rpid_suffix',
    type: 'string',
    default: ';party=calling;id-type=subscriber;screen=yes',
    summary: 'Text after the value in Remote-Party-ID.',
  },
]);
