import { expect, it } from 'vitest';
import type { RequestFate } from '../../src/rest/failure.ts';
import { type Attempts, mayGoAgain } from '../../src/rest/resend.ts';

const onKept: Attempts = { method: 'GET', answered: false, reused: true, losses: 0, unprocessed: 0 };

it.each<[what: string, fate: RequestFate, attempts: Partial<Attempts>, goesAgain: boolean]>([
  ['a GET on a kept connection that was lost', 'unknown', {}, true],
  ['a PUT on one', 'unknown', { method: 'PUT' }, true],
  ['a POST on one, which may have been acted on', 'unknown', { method: 'POST' }, false],
  ['a POST that was not written', 'unsent', { method: 'POST' }, true],
  ['a GET on a new connection', 'unknown', { reused: false }, false],
  ['a GET that went out again before', 'unknown', { losses: 1 }, false],
  ['a GET whose answer had begun', 'unknown', { answered: true }, false],
  ['a GET whose answer is invalid', 'answered', {}, false],
  ['a POST that the server did not look at', 'unprocessed', { method: 'POST', reused: false }, true],
  ['one that it did not look at three times', 'unprocessed', { unprocessed: 3 }, false],
])('%s (%s)', (_what, fate, attempts, goesAgain) => {
  expect(mayGoAgain({ ...onKept, ...attempts }, { code: 'reset', reason: 'lost', fate })).toBe(goesAgain);
});
