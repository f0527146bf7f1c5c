/** `{s.eval}`: expands the variables in a text at run time. Their transformations may wait, so this one may too. */

import { defineTransformation, type Run } from '../../runtime/index.ts';
import { andThen } from '../../timers/index.ts';

/** A text that evaluates itself would recurse for ever. */
const deepest = 20;
const depths = new WeakMap<Run, number>();

export const evaluation = defineTransformation({
  name: 's.eval',
  arguments: [],
  summary:
    'Expands the variables in a text, as in a string of the script; null if it names an unknown variable. Never apply it to text from the network, which could read every variable.',
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
