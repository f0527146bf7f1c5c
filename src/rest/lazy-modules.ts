/** Node modules that take 10 ms to load, loaded with the first connection that needs them. */
import type * as Http2 from 'node:http2';
import type * as Tls from 'node:tls';
import type * as Zlib from 'node:zlib';

export const tls = (): typeof Tls => process.getBuiltinModule('node:tls');

export const http2 = (): typeof Http2 => process.getBuiltinModule('node:http2');

export const zlib = (): typeof Zlib => process.getBuiltinModule('node:zlib');
