/** The set of relays that a script has chosen for a message. */
import { type Routing, type Run, StateKey } from '../../runtime/index.ts';

/** A reply, the failure of a branch and a request each have their own, as in OpenSIPS. */
export const chosenSets = new StateKey<Routing, WeakMap<object, number>>(
  'chosen media relays',
  () => new WeakMap(),
);

/** What the message of a run is told by. */
export const subjectOfRun = ({ subject, request }: Run): object =>
  subject.response ?? subject.failure ?? request.message ?? request;
