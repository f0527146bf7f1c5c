import { defineParameters } from '../../script/index.ts';

export const parameters = defineParameters([
  {
    name: 'append_fromtag',
    type: 'boolean',
    default: true,
    summary: 'Whether the From tag is added to Record-Route, for is_direction().',
  },
  {
    name: 'enable_double_rr',
    type: 'boolean',
    default: true,
    summary: 'Two Record-Routes where the transports differ.',
  },
  {
    name: 'add_username',
    type: 'boolean',
    default: false,
    summary: "Whether the request URI's user is added to Record-Route.",
  },
  {
    name: 'enable_socket_mismatch_warning',
    type: 'boolean',
    default: true,
    summary: 'Whether to warn if a preset route names another host.',
    inert: 'a preset route is taken as it is',
  },
]);
