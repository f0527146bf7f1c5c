/** A call as a ladder of lines: the time since its beginning, what it is, and what happened. */
export interface LadderLine {
  /** Milliseconds since the call began. */
  readonly at: number;
  /** `SIP in` */
  readonly label: string;
  readonly text: string;
}

type Paint = (text: string) => string;

export function ladderLine({ at, label, text }: LadderLine, paintLabel: Paint, paintText: Paint): string {
  return `  ${at.toFixed(1).padStart(7)} ms  ${paintLabel(label.padEnd(8))}  ${paintText(text)}`;
}
