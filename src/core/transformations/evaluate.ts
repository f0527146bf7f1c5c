/** `{s.eval}`: a text with variables that comes up only now. What it names may wait, so it may as well. */

import { defineTransformation, type Run } from '../../runtime/index.ts';
import { andThen } from '../../timers/index.ts';

/** A text that has itself evaluated would not end. */
const deepest = 20;
const depths = new WeakMap<Run, number>();

export const evaluation = defineTransformation({
  name: 's.eval',
  arguments: [],
  summary:
    'The text with the variables in it replaced, as in a string of the script; null if it names an unknown one. Do not pass text from the network: it can read every variable.',
  source: 'Script-Tran, s.eval',
  example: ['no variable', '{s.eval}', 'no variable'],
  prepareWaiting: () => (value, _, run) => {
    if (value === null) return null;
    const text = run.routing.script.text(String(value));
    if (text === null) return null;
    const depth = depths.get(run) ?? 0;
    if (depth >= deepest) {
      run.complain(`{s.eval}: texts are nested deeper than ${deepest}`);
      return null;
    }
    depths.set(run, depth + 1);
    return andThen(text.evaluate(run), (evaluated) => {
      depths.set(run, depth);
      return evaluated;
    });
  },
});
