/**
 * Forms that siprest accepts but OpenSIPS 4.0 rejects, with replacements that both accept (test/script/portable.test.ts
 * has a script for each).
 */
export interface Form {
  /** Completes the sentence "OpenSIPS rejects ...". */
  readonly what: string;
  readonly help: string;
}

export const forms = {
  // statements
  'bare-block': { what: 'a block that is not part of a statement', help: 'remove its braces' },
  'empty-route': { what: 'a route without a statement', help: 'add exit; or return;' },
  'no-case': { what: 'a switch without a `case`', help: 'write if (...) instead' },
  'default-first': { what: 'a case after `default`', help: 'put `default` last' },
  'compound-operator': {
    what: 'this operator of an assignment',
    help: 'write it in full, for example $var(x) = $var(x) << 1',
  },
  'return-value': {
    what: 'an expression in return',
    help: 'assign it to a variable and return that: return($var(result))',
  },
  'event-mode': { what: '`sync` and `async` in an event_route', help: 'leave it out' },
  'quoted-interval': { what: 'an interval in quotes', help: 'write the number without quotes' },
  'route-name': {
    what: "this character in a route's name",
    help: 'use letters, digits and _, or put the name in quotes',
  },
  'nameless-route': { what: 'a route of this kind without a name', help: 'give it a name in [...]' },
  semicolon: {
    what: 'a `;` after a parameter, loadmodule, modparam or route',
    help: 'remove the `;`',
  },
  'slash-comment': { what: 'a comment that starts with //', help: 'start it with #' },
  // values
  juxtaposition: { what: 'strings side by side here', help: 'write them as one string' },
  'null-operand': { what: 'NULL in an expression', help: 'use 0 or "" instead' },
  'negated-value': { what: '`-` before something that is not a number', help: 'use 0 - ... instead' },
  'logic-in-value': { what: '`!`, `&&` and `||` in a value', help: 'use if (...) to choose the value' },
  'brackets-in-value': { what: '`[...]` in a value', help: 'use parentheses instead' },
  'upper-case-word': { what: 'this word in capitals', help: 'write it in lower case' },
  myself: {
    what: 'a comparison with `myself`',
    help: 'use is_myself() with the host and the port, for example is_myself("$rd", $rp)',
  },
  'word-value': { what: 'this word as a value', help: 'write the number instead' },
  octal: { what: 'this number', help: 'write it without the leading 0' },
  // conditions
  'left-of-comparison': {
    what: 'anything but a variable on the left of a comparison',
    help: 'put the variable on the left, or assign the value to a variable first',
  },
  'right-of-comparison': {
    what: 'an expression, call or parentheses on the right of a comparison',
    help: 'assign the value to a variable first, or compare in brackets',
  },
  'null-comparison': { what: 'NULL with any comparison but == and !=', help: 'compare with == NULL' },
  'match-of-number': {
    what: 'a pattern that is not a string or variable',
    help: 'put the pattern in quotes',
  },
  'value-as-condition': {
    what: 'a string, NULL or an expression as a condition',
    help: 'put an expression in brackets, [...], or compare a variable with something',
  },
  // arguments
  'bare-argument': { what: 'text without quotes', help: 'put it in quotes' },
  'number-for-string': { what: 'a number for this argument', help: 'put it in quotes' },
  'string-for-number': { what: 'a string for this argument', help: 'write the number without quotes' },
  'former-flags': {
    what: 'the letters and numbers of older versions as flags',
    help: 'write the names of the flags, as in nat_uac_test("private-contact,diff-ip-src-via")',
  },
  'quoted-variable': { what: 'quotes around this variable', help: 'remove the quotes' },
  'log-argument': {
    what: 'anything but strings as arguments of a log function',
    help: 'use xlog("L_INFO", "$var(x)\\n") instead',
  },
  'route-argument': {
    what: 'an expression as an argument of a route',
    help: 'assign it to a variable first',
  },
  'async-timeout': { what: 'anything but a number as the timeout of async()', help: 'write the number' },
  'launch-parameter': {
    what: 'anything but a string as the parameter of launch()',
    help: 'put it in quotes',
  },
  // the file
  'quoted-setting': { what: 'quotes around this value', help: 'remove the quotes' },
  'unquoted-setting': { what: 'this value without quotes', help: 'put it in quotes' },
  'setting-word': { what: 'this word for yes or no', help: 'use yes or no instead' },
  'socket-protocol': { what: 'a socket without its protocol', help: 'for example udp:127.0.0.1:5060' },
  'socket-ipv6': { what: 'an IPv6 address without brackets in a socket', help: 'for example udp:[::1]:5060' },
  'socket-port': { what: '`*` for a port', help: 'leave it out for the default port' },
  'quoted-tag': { what: 'a tag in quotes', help: 'remove the quotes' },
  'quoted-number': {
    what: 'quotes around the value of this parameter',
    help: 'write a whole number without quotes',
  },
  'number-parameter': { what: 'a number for this parameter', help: 'put it in quotes' },
  'parameter-before-module': {
    what: 'a parameter before the loadmodule of its module',
    help: 'put the loadmodule above it',
  },
  'use-before-module': {
    what: 'use of a module above its loadmodule',
    help: 'put the loadmodule above the routes',
  },
  'module-file': { what: 'a module without its .so', help: 'write the file name, with .so' },
  'module-twice': { what: 'loading a module twice', help: 'remove one of them' },
  'no-protocol-module': {
    what: 'a script without the module for the protocol of its sockets',
    help: 'add: loadmodule "proto_udp.so"',
  },
  'no-socket': {
    what: 'the module of a protocol without a socket for it',
    help: 'add one, for example socket=udp:127.0.0.1:5060',
  },
} as const satisfies Readonly<Record<string, Form>>;

export type FormName = keyof typeof forms;

/** The words for 1 and 0. */
export const portableWords: ReadonlySet<string> = new Set([
  'yes',
  'no',
  'on',
  'off',
  'true',
  'false',
  'enable',
  'disable',
]);
