/**
 * Node's own modules that take long to load, 10 ms together: loaded when the first connection needs them, since whoever
 * checks a script, or sends SIP, needs none.
 */
import type * as Http2 from 'node:http2';
import type * as Tls from 'node:tls';

export const tls = (): typeof Tls => process.getBuiltinModule('node:tls');

export const http2 = (): typeof Http2 => process.getBuiltinModule('node:http2');
