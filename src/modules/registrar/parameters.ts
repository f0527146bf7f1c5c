/** The parameters of registrar. Source: modules/registrar of the manual. */
import { defineParameter, defineParameters } from '../../script/index.ts';

const seconds = <const Name extends string, const Default extends number>(
  name: Name,
  standard: Default,
  summary: string,
) =>
  defineParameter({
    name,
    type: 'int',
    default: standard,
    minimum: 0,
    maximum: 2_000_000_000,
    unit: 's',
    summary,
  });

const length = <const Name extends string, const Default extends number>(
  name: Name,
  standard: Default,
  summary: string,
) => defineParameter({ name, type: 'int', default: standard, minimum: 1, unit: 'bytes', summary });

const text = <const Name extends string>(name: Name, summary: string) =>
  defineParameter({ name, type: 'string', default: null, summary });

export const parameters = defineParameters([
  seconds('default_expires', 3600, 'How long a contact is registered that does not say.'),
  seconds('min_expires', 60, 'The shortest time; 0: any.'),
  seconds('max_expires', 0, 'The longest time; 0: any.'),
  seconds(
    'expires_max_deviation',
    0,
    'By how much the time is changed at random, so that phones do not register together.',
  ),
  seconds('retry_after', 0, 'Retry-After of replies 5xx; 0: none.'),
  defineParameter({
    name: 'default_q',
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 1000,
    summary: 'q of contacts without one, in thousandths; 0: none.',
  }),
  defineParameter({
    name: 'max_contacts',
    type: 'int',
    default: 0,
    minimum: 0,
    summary: 'The most contacts of an address of record; 0: any number.',
  }),
  length('max_username_len', 64, 'The longest user of an address of record.'),
  length('max_domain_len', 64, 'The longest host of an address of record.'),
  length('max_aor_len', 256, 'The longest address of record.'),
  length('max_contact_len', 255, 'The longest URI of a contact.'),
  defineParameter({
    name: 'case_sensitive',
    type: 'boolean',
    default: true,
    summary: 'Whether the case of users counts; that of hosts never does.',
  }),
  defineParameter({
    name: 'allow_dup_cseq',
    type: 'boolean',
    default: true,
    summary: 'Whether a registration with the Call-ID and CSeq of the last one is accepted.',
  }),
  defineParameter({
    name: 'realm_prefix',
    type: 'string',
    default: '',
    summary: 'Cut off the front of hosts.',
  }),
  text(
    'received_avp',
    'The AVP with the address from which the phone registers, which fix_nated_register() sets.',
  ),
  defineParameter({
    name: 'received_param',
    type: 'string',
    default: 'received',
    summary: 'The parameter of Contact that shows that address in replies.',
  }),
  text(
    'attr_avp',
    'The AVP whose value is stored with contacts; lookup() makes it the branch attribute `attr`.',
  ),
  text(
    'sock_hdr_name',
    'The header that says which socket received the registration, with the flag socket-header.',
  ),
  defineParameter({
    name: 'disable_gruu',
    type: 'boolean',
    default: true,
    summary: 'Whether contacts get no GRUU (RFC 5627).',
  }),
  text('gruu_secret', 'The secret of temporary GRUUs; default a random one, which all processes share.'),
  text(
    'tcp_persistent_flag',
    'The message flag of registrations whose connection stays open until their contacts expire.',
  ),
  text(
    'mcontact_avp',
    'The AVP with the URI that the contact has towards another registrar, for save() in a reply route.',
  ),
  defineParameter({
    name: 'pn_enable',
    type: 'boolean',
    default: false,
    summary:
      'Whether devices are woken by push notifications (RFC 8599), which the script sends in event_route[E_UL_CONTACT_REFRESH].',
  }),
  text(
    'pn_providers',
    'The providers of push notifications, separated by commas, such as `apns, fcm, webpush`; a registration for another one is answered with 555. Default: any.',
  ),
  defineParameter({
    name: 'pn_ct_match_params',
    type: 'string',
    default: 'pn-provider, pn-prid, pn-param',
    summary:
      'The parameters of URIs that together name a device, separated by commas. A contact that has all of them is matched by them alone, and is woken before it gets a request.',
  }),
  seconds(
    'pn_pnsreg_interval',
    130,
    'How long before expiry devices that wake by themselves are told to register.',
  ),
  seconds(
    'pn_trigger_interval',
    120,
    'How long before expiry a device is woken, so that it registers again.',
  ),
  defineParameter({
    name: 'pn_skip_pn_interval',
    aliases: ['pn_skip_pn'],
    type: 'int',
    default: 0,
    minimum: 0,
    maximum: 86_400,
    unit: 's',
    summary: 'How long after its registration a device is awake; 0: it is always woken.',
  }),
  defineParameter({
    name: 'pn_refresh_timeout',
    aliases: ['pn_inv_timeout'],
    type: 'int',
    default: 6,
    minimum: 1,
    maximum: 3600,
    unit: 's',
    summary: 'How long a request waits for a device that was woken.',
  }),
  defineParameter({
    name: 'pn_enable_purr',
    type: 'boolean',
    default: false,
    summary:
      'Whether registrations get a reference by which requests in calls wake the device: see pn_process_purr().',
  }),
]);
