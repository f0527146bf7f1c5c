/** Asks for compressed answers and gives them decompressed, within the limit that holds for others, and as UTF-8. */
import type { ByteBudget } from '../../timers/index.ts';
import { type Fields, valuesOf, without } from '../header-fields.ts';
import { ErrorOutcome, type Outcome, ResponseOutcome } from '../outcome.ts';
import type { Policy } from '../policies.ts';
import { fieldOf, type HttpRequest, withHeader } from '../request.ts';
import { codingsOf, decode, isAvailable } from './content-codings.ts';
import type { HostContext } from './context.ts';
import type { SectionValues } from './host-options.ts';

type DecodeSettings = SectionValues<'decode'>;

export function decodePolicy({ encodings, charset }: DecodeSettings, context: HostContext): Policy {
  const accepted = encodings.filter(isAvailable).join(', ');
  const { maxBodySize, bodies } = context.environment;

  /** Takes one coding after the other away, the last one first. */
  const decoded = async (outcome: ResponseOutcome, budgets: readonly ByteBudget[]): Promise<Outcome> => {
    const value = valuesOf(outcome.headers, 'content-encoding').join(', ');
    if (value === '' || outcome.body.length === 0) return outcome;
    const left = [...(codingsOf(value) ?? [value])];
    let { body } = outcome;
    for (let coding = left.pop(); coding !== undefined; coding = left.pop()) {
      const result = await decode(coding, body, maxBodySize, budgets);
      if (result.kind === 'decoded') {
        body = result.body;
      } else if (result.kind === 'unknown') {
        left.push(coding);
        break;
      } else {
        return failure(result);
      }
    }
    const fields = without(outcome.headers, 'content-encoding', 'content-length');
    const rest: Fields = left.length === 0 ? fields : [...fields, ['Content-Encoding', left.join(', ')]];
    return ResponseOutcome.changed(outcome, { fields: rest, body });
  };
  const failure = (result: {
    readonly kind: 'too-large' | 'busy' | 'invalid';
    readonly reason?: string;
  }): Outcome => {
    if (result.kind === 'too-large')
      return new ErrorOutcome(
        'too-large',
        `the answer is larger than the ${maxBodySize} bytes allowed when it is decompressed`,
      );
    if (result.kind === 'busy')
      return new ErrorOutcome('busy', 'the bodies of all answers under way take as many bytes as they may');
    return new ErrorOutcome('protocol', `the answer cannot be decompressed: ${result.reason ?? ''}`);
  };

  return (next) => async (request) => {
    // a streamed answer is passed on as it arrives
    if (request.streams !== null && request.streams.sink !== null) return next(request);
    const asksItself = fieldOf(request.headers, 'accept-encoding') !== undefined;
    const asked = asksItself || accepted === '' ? request : withHeader(request, 'Accept-Encoding', accepted);
    const outcome = await next(asked);
    // whoever asks for a coding gets it
    if (outcome.kind !== 'response' || asksItself) return outcome;
    const plain = await decoded(outcome, budgetsOf(request, bodies));
    return charset && plain.kind === 'response' ? asUtf8(plain) : plain;
  };
}

const budgetsOf = ({ route }: HttpRequest, bodies: ByteBudget): readonly ByteBudget[] =>
  route?.bodies === undefined ? [bodies] : [bodies, route.bodies];

const CHARSET = /;[ \t]*charset[ \t]*=[ \t]*(?:"([^"\\]{1,40})"|([^\s;"]{1,40}))/i;
const SAME: ReadonlySet<string> = new Set(['utf-8', 'utf8', 'us-ascii', 'ascii']);

/** The answer in UTF-8, if it says that it is text of another character set that is known. */
function asUtf8(outcome: ResponseOutcome): ResponseOutcome {
  const match = CHARSET.exec(outcome.contentType);
  const label = (match?.[1] ?? match?.[2] ?? '').toLowerCase();
  if (match === null || SAME.has(label) || outcome.body.length === 0) return outcome;
  let text: string;
  try {
    const { encoding } = new TextDecoder(label);
    text =
      encoding === 'windows-1252' ? windows1252(outcome.body) : new TextDecoder(label).decode(outcome.body);
  } catch {
    return outcome; // an unknown label
  }
  const type = outcome.contentType.replace(CHARSET, '; charset=utf-8');
  const fields = without(outcome.headers, 'content-type', 'content-length');
  return ResponseOutcome.changed(outcome, {
    fields: [...fields, ['Content-Type', type]],
    body: Buffer.from(text),
  });
}

/** What 0x80 to 0x9f are; the others are those of Latin-1. */
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Node 20 and 22 decode it as Latin-1. */
const windows1252 = (body: Buffer): string =>
  body.toString('latin1').replace(/[\x80-\x9f]/g, (byte) => WINDOWS[byte.charCodeAt(0) - 0x80] ?? byte);
