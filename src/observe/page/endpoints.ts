/** The live page: files as they are in this folder, and its stream of samples. It loads nothing from other hosts. */
import { readFileSync } from 'node:fs';
import type { HttpEndpoint } from '../http/endpoint.ts';
import type { PageFeed } from './feed.ts';

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

const files = [
  { path: '/', file: 'live.html', type: 'text/html; charset=utf-8' },
  { path: '/live.css', file: 'live.css', type: 'text/css; charset=utf-8' },
  { path: '/live.js', file: 'live.js', type: 'text/javascript; charset=utf-8' },
] as const;

export function pageEndpoints(feed: PageFeed): readonly HttpEndpoint[] {
  return [
    ...files.map(({ path, file, type }): HttpEndpoint => {
      const body = readFileSync(new URL(`./${file}`, import.meta.url));
      return { path, methods: ['GET'], answer: () => ({ status: 200, type, headers, body }) };
    }),
    { path: '/events', methods: ['GET'], answer: () => feed.stream },
  ];
}
