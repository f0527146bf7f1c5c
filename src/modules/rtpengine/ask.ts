/** Asks an rtpengine about the message of a run, in the background of whatever else goes on. */
import type { Run } from '../../runtime/index.ts';
import type { Completion, Invocation, Value, VariableReference } from '../../script/index.ts';
import { chosenSets, subjectOfRun } from '../media/chosen-set.ts';
import { Relays } from '../media/relays.ts';
import { setVariable, textOf } from '../parameter-text.ts';
import type { Bencoded, Dictionary } from './bencode.ts';
import { type Answer, commandOf, isRefusal, readAnswer, type Tags } from './commands.ts';
import { parseFlags } from './flags.ts';
import { parameters } from './parameters.ts';

export const relays = new Relays('rtpengine');

export interface Question {
  /** The function, for log lines. */
  readonly caller: string;
  readonly verb: string;
  readonly tags: Tags;
  readonly flags: string;
  /** Gets the rtpengine that has answered; has the one that is asked first. */
  readonly socket?: VariableReference<Run> | undefined;
  readonly keys?: Readonly<Record<string, Bencoded>>;
}

/** What an answer does to the run that continues; returns the code of the function. */
type Use = (run: Run, fields: Dictionary) => number;

/** The set for the message of a run. */
function setFor(run: Run): number {
  const { setid_avp } = run.parameters(parameters);
  const named = textOf(run, setid_avp);
  if (named !== null && /^\d{1,9}$/.test(named)) return Number(named);
  return run.routing.states.get(chosenSets).get(subjectOfRun(run)) ?? 0;
}

/** Complains, sets error_pv, and fails. */
export const failing =
  (caller: string, reason: string, by: string | null = null): Completion<Run> =>
  (run) => {
    run.complain(`${caller}(): ${by === null ? '' : `${by}: `}${reason}`);
    setVariable(run, run.parameters(parameters).error_pv, reason);
    return -1;
  };

/** Asks, and gives the answer to `use`; the function fails without one, or after an error unless `otherwise` says more. */
export function ask(
  { run, mode, background }: Invocation<Run>,
  question: Question,
  use: Use,
  otherwise = -1,
): Promise<Completion<Run>> | Completion<Run> {
  const answered = send(run, question);
  if (typeof answered === 'function') return answered;
  if (mode === 'blocking' || !background) run.worker.replaceUntil(answered);
  return answered.then(({ answer, name }) => (later) => {
    if (name !== null) question.socket?.set(later, name);
    if (answer.kind === 'ok') return use(later, answer.fields);
    const code = failing(question.caller, answer.reason, name)(later);
    return answer.kind === 'error' ? otherwise : code;
  });
}

interface Answered {
  readonly answer: Answer | { readonly kind: 'none'; readonly reason: string };
  /** The rtpengine that has answered. */
  readonly name: string | null;
}

/** Sends a command. */
export function send(
  run: Run,
  { caller, verb, tags, flags: text, socket, keys = {} }: Question,
): Promise<Answered> | Completion<Run> {
  const flags = parseFlags(text);
  if (typeof flags === 'string') return failing(caller, flags);
  const actual = flags.words.has('force-answer') && verb === 'offer' ? 'answer' : verb;
  const command = commandOf(run, actual, flags, { tags, keys });
  if (typeof command === 'string') return failing(caller, command);
  const { routing } = run;
  const patterns = run.parameters(parameters).extra_failover_error;
  const first: Value = socket?.get(run) ?? null;
  const asked = relays.of(routing).ask({
    ...command,
    set: setFor(run),
    first: first === null ? null : String(first),
    isRefusal: (answer) => isRefusal(answer, patterns),
    endsCall: verb === 'delete',
  });
  return asked.then((result): Answered => {
    if (result.node === null) return { answer: { kind: 'none', reason: result.reason }, name: null };
    const answer = readAnswer(result.answer);
    if (answer.kind === 'unreadable') relays.countUnreadable(routing);
    return { answer, name: result.node.definition.name };
  });
}
