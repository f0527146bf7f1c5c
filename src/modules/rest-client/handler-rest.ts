/** REST calls of TypeScript handlers, shown and logged as those of scripts are. */
import { type Outcome, outcomeFields, outcomeLabel, outcomeText, urlForLog } from '../../rest/index.ts';
import { type Log, type LogSubject, noteRest, type Request, traceStep } from '../../runtime/index.ts';

/** The handler that makes the call. */
export interface HandlerOfRest extends LogSubject {
  /** `onInvite` */
  readonly name: string;
  readonly callId: string;
  readonly request: Request;
  readonly log: Log;
  /** The level of lines about the call. */
  readonly logLevel: number;
  /** Its reason is null unless the end of the SIP call has ended the REST call. */
  readonly cancellation: { readonly reason: string | null };
}

export function restBegins({ request }: HandlerOfRest, method: string, url: string): void {
  traceStep(request, 'HTTP out', () => `${method} ${urlForLog(url)}`);
}

const [errorLevel, infoLevel, debugLevel] = [-1, 3, 4];

/** A failure is logged, unless the end of the SIP call was its cause. */
export function restEnded(handler: HandlerOfRest, method: string, url: string, outcome: Outcome): void {
  const { request, name, log, logLevel, callId, cancellation } = handler;
  traceStep(request, 'HTTP in', () => outcomeText(outcome));
  noteRest(request, {
    method,
    milliseconds: outcome.times.total,
    outcome: outcomeLabel(outcome),
    answer: outcomeText(outcome),
    ...textsOf(name, url),
  });
  if (outcome.kind === 'response') return;
  const usual = outcome.kind === 'locked' ? infoLevel : errorLevel;
  const level = cancellation.reason === null ? usual : debugLevel;
  if (level > logLevel) return;
  const text = `${name}(): ${method} ${urlForLog(url)}: ${outcome.rc}, ${outcome.reason}, Call-ID ${callId}`;
  log.log(level, text, logLevel, { logFields: { ...handler.logFields, ...outcomeFields(outcome) } });
}

/** Texts that are made when they are shown; they hold on to nothing else. */
const textsOf = (name: string, url: string) => ({ url: () => urlForLog(url), caller: () => `${name}()` });
