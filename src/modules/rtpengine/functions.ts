/** The functions of rtpengine. Source: modules/rtpengine of the manual; scenarios rtpengine-*. */
import { defineFunction, defineFunctions, type Run } from '../../runtime/index.ts';
import {
  type Completion,
  defineArgument,
  type Invocation,
  type Status,
  type VariableReference,
} from '../../script/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import { chosenSets, subjectOfRun } from '../media/chosen-set.ts';
import { descriptionOf, setDescription } from '../media/session-description.ts';
import { ask, failing, relays } from './ask.ts';
import type { Dictionary } from './bencode.ts';
import type { Tags } from './commands.ts';
import { parseFlags } from './flags.ts';
import { queries } from './query.ts';

const source = 'modules/rtpengine';

const flags = defineArgument({
  name: 'flags',
  type: 'string',
  optional: true,
  refuses: (text) => {
    const parsed = parseFlags(text);
    return typeof parsed === 'string' ? parsed : null;
  },
  summary: 'Words, `key=value` and `key=[...]`; siprest passes what it does not know to rtpengine.',
});
const socket = defineArgument({
  name: 'sock_var',
  type: 'variable',
  optional: true,
  summary: 'Gets the rtpengine that has answered; if it has a value, this one is asked first.',
});
const description = defineArgument({
  name: 'sdp_var',
  type: 'variable',
  optional: true,
  gives: 'text',
  summary: 'Gets the new session description, instead of the message.',
});
const body = defineArgument({
  name: 'body',
  type: 'string',
  optional: true,
  summary: 'The session description; default that of the message.',
});

interface Described {
  readonly flags: string | undefined;
  readonly socket: VariableReference<Run> | undefined;
  readonly into: VariableReference<Run> | undefined;
  readonly body: string | undefined;
}

/** offer and answer: rtpengine changes a session description. */
function describe(
  invocation: Invocation<Run>,
  caller: string,
  verb: 'offer' | 'answer',
  { flags: text = '', socket: chosen, into, body: given }: Described,
): Awaitable<Completion<Run>> {
  const { run } = invocation;
  const sdp = given ?? descriptionOf(run.draft);
  if (sdp === null || sdp === '') return () => -1;
  const question = { caller, verb, tags: 'both', flags: text, socket: chosen, keys: { sdp } } as const;
  return ask(invocation, question, (later, { sdp: changed }) => {
    if (typeof changed !== 'string' || changed === '')
      return failing(caller, 'its answer has no session description')(later);
    if (into !== undefined) return into.set(later, changed) ? 1 : -1;
    setDescription(later.draft, changed);
    return 1;
  });
}

/** A delete succeeds even if rtpengine does not know the call. */
function remove(
  invocation: Invocation<Run>,
  caller: string,
  text = '',
  chosen?: VariableReference<Run>,
): Awaitable<Completion<Run>> {
  const { run } = invocation;
  const question = { caller, verb: 'delete', tags: 'none', flags: text, socket: chosen } as const;
  const use = (_: Run, fields: Dictionary): Status => {
    queries.keep(run, fields);
    return 1;
  };
  return ask(invocation, question, use, 1);
}

/** What rtpengine_manage() does with a message; null: nothing. */
function duty({ message, request, subject }: Run): 'offer' | 'answer' | 'delete' | null {
  if (subject.failure !== undefined) return 'delete';
  if (message?.kind === 'response') {
    if (message.cseq.method !== 'INVITE') return null;
    if (message.status >= 300) return 'delete';
    return request.message?.body === '' ? 'offer' : 'answer';
  }
  switch (message?.method) {
    case 'INVITE':
    case 'UPDATE':
      return 'offer';
    case 'ACK':
      return 'answer';
    case 'BYE':
    case 'CANCEL':
      return 'delete';
    default:
      return null;
  }
}

const describing = (name: 'rtpengine_offer' | 'rtpengine_answer', summary: string) =>
  defineFunction({
    name,
    arguments: [flags, socket, description, body],
    summary: `${summary} -1 without a session description, or if no rtpengine of the set accepts it.`,
    source: `${source}; scenarios rtpengine-*`,
    start: (invocation, text, chosen, into, given) =>
      describe(invocation, name, name === 'rtpengine_offer' ? 'offer' : 'answer', {
        flags: text,
        socket: chosen,
        into,
        body: given,
      }),
  });

/** A function that only tells rtpengine something. */
const telling = (name: string, verb: string, tags: Tags, summary: string) =>
  defineFunction({
    name: `rtpengine_${name}`,
    arguments: [flags, socket],
    summary,
    source,
    start: (invocation, text = '', chosen) =>
      ask(invocation, { caller: `rtpengine_${name}`, verb, tags, flags: text, socket: chosen }, () => 1),
  });

export const functions = [
  ...defineFunctions([
    {
      name: 'rtpengine_use_set',
      arguments: [{ name: 'setid', type: 'int', summary: 'The number of the set.' }],
      summary:
        'Chooses the set of rtpengines for this message; -1 for an unknown one. Later messages of the call have to choose it again.',
      source: `${source}; scenarios rtpengine-sets, rtpengine-unknown-set`,
      run: (run, set) => {
        if (!relays.of(run.routing).sets.has(set)) {
          run.complain(`rtpengine_use_set(): unknown set ${set}`);
          return -1;
        }
        run.routing.states.get(chosenSets).set(subjectOfRun(run), set);
        return 1;
      },
    },
    {
      name: 'rtpengine_delete',
      arguments: [flags, socket],
      summary: 'Ends the media of the call; -1 if no rtpengine answers.',
      source: `${source}; scenarios rtpengine-delete-*`,
      start: (invocation, text, chosen) => remove(invocation, 'rtpengine_delete', text, chosen),
    },
    {
      name: 'rtpengine_manage',
      arguments: [flags, socket, description, body],
      summary:
        'rtpengine_offer() for an INVITE, rtpengine_answer() for its reply or ACK, rtpengine_delete() for BYE, CANCEL and failures; the reply to an INVITE without a session description is an offer.',
      source: `${source}; scenarios rtpengine-manage-*`,
      start: (invocation, text, chosen, into, given) => {
        const verb = duty(invocation.run);
        if (verb === null) return () => -1;
        if (verb === 'delete') return remove(invocation, 'rtpengine_manage', text, chosen);
        return describe(invocation, 'rtpengine_manage', verb, {
          flags: text,
          socket: chosen,
          into,
          body: given,
        });
      },
    },
    {
      name: 'rtpengine_play_media',
      arguments: [
        { ...flags, optional: false },
        {
          name: 'duration_spec',
          type: 'variable',
          optional: true,
          summary: 'Gets how long it takes, in ms; -1 if that is not known.',
        },
        socket,
      ],
      summary:
        'Plays a file to one side of the call, `file=`, `blob=` or `db-id=`; by default to the sender.',
      source: `${source}; scenario rtpengine-play-media`,
      start: (invocation, text, duration, chosen) => {
        const caller = 'rtpengine_play_media';
        const question = { caller, verb: 'play media', tags: 'given', flags: text, socket: chosen } as const;
        return ask(invocation, question, (later, fields) => {
          duration?.set(later, typeof fields['duration'] === 'number' ? fields['duration'] : -1);
          return 1;
        });
      },
    },
    {
      name: 'rtpengine_stop_media',
      arguments: [
        flags,
        socket,
        {
          name: 'last_frame_pos',
          type: 'variable',
          optional: true,
          summary: 'Gets where in the file it has stopped; null if rtpengine does not say.',
        },
      ],
      summary: 'Stops what rtpengine_play_media() plays with the same flags.',
      source: `${source}; scenario rtpengine-play-media`,
      start: (invocation, text = '', chosen, position) => {
        const caller = 'rtpengine_stop_media';
        const question = { caller, verb: 'stop media', tags: 'given', flags: text, socket: chosen } as const;
        return ask(invocation, question, (later, fields) => {
          const at = fields['last-frame-pos'];
          position?.set(later, typeof at === 'number' ? at : null);
          return 1;
        });
      },
    },
    {
      name: 'rtpengine_play_dtmf',
      arguments: [{ name: 'code', type: 'string', summary: 'The digit: 0-9, *, #, A-D.' }, flags, socket],
      summary: 'Sends a DTMF digit to one side of the call; its offer needs the flag `inject-DTMF`.',
      source: `${source}; scenario rtpengine-play-media`,
      start: (invocation, code, text = '', chosen) => {
        const caller = 'rtpengine_play_dtmf';
        const question = { caller, verb: 'play DTMF', tags: 'from', flags: text, socket: chosen } as const;
        return ask(invocation, { ...question, keys: { code } }, () => 1);
      },
    },
  ]),
  describing('rtpengine_offer', 'Lets the media of an offer pass rtpengine.'),
  describing('rtpengine_answer', 'Lets the media of an answer pass rtpengine.'),
  telling('start_recording', 'start recording', 'both', 'Starts to record the call.'),
  telling('stop_recording', 'stop recording', 'both', 'Stops to record the call.'),
  telling(
    'pause_recording',
    'pause recording',
    'both',
    'Stops to record the call, and leaves the file open.',
  ),
  telling(
    'start_forwarding',
    'start forwarding',
    'given',
    'Forwards the media as `tls-send-to` of rtpengine says.',
  ),
  telling('stop_forwarding', 'stop forwarding', 'given', 'Stops to forward the media.'),
  telling('block_media', 'block media', 'given', 'Blocks the media of one side, `from-tag=`, or of all.'),
  telling('unblock_media', 'unblock media', 'given', 'Lets blocked media pass again.'),
  telling('block_dtmf', 'block DTMF', 'given', 'Blocks the DTMF events of one side, or of all.'),
  telling('unblock_dtmf', 'unblock DTMF', 'given', 'Lets blocked DTMF events pass again.'),
];
