/** What rtpengine knows of a call: asked once for each message. Source: modules/rtpengine of the manual, $rtpstat. */
import type { Run } from '../../runtime/index.ts';
import type { Value } from '../../script/index.ts';
import type { Awaitable } from '../../timers/index.ts';
import { subjectOfRun } from '../media/chosen-set.ts';
import { send } from './ask.ts';
import { at, type Bencoded, type Dictionary, isDictionary } from './bencode.ts';

/** The last answers, by message. */
class Queries {
  readonly #known = new WeakMap<object, Promise<Dictionary | null> | Dictionary>();

  /** The answer to rtpengine_delete() has the same fields. */
  keep(run: Run, fields: Dictionary): void {
    if (fields['totals'] !== undefined) this.#known.set(subjectOfRun(run), fields);
  }

  /** Null if no rtpengine knows the call. */
  ask(run: Run): Awaitable<Dictionary | null> {
    const subject = subjectOfRun(run);
    const known = this.#known.get(subject);
    if (known !== undefined) return known;
    const sent = send(run, { caller: '$rtpstat', verb: 'query', tags: 'both', flags: '' });
    if (typeof sent === 'function') {
      sent(run);
      return null;
    }
    run.worker.replaceUntil(sent);
    const answer = sent.then(({ answer: result }) => {
      if (result.kind === 'ok') return result.fields;
      run.complain(`$rtpstat: ${result.reason}`);
      return null;
    });
    this.#known.set(subject, answer);
    return answer;
  }
}

export const queries = new Queries();

const number = (value: Bencoded | undefined): number => (typeof value === 'number' ? value : 0);

/** `RTP: 17200 bytes, 100 packets, 0 errors; RTCP: ...`; null unless both are known. */
export function totals(query: Dictionary): string | null {
  const kinds = ['RTP', 'RTCP'].filter((kind) => isDictionary(at(query, 'totals', kind)));
  const counts = kinds.map((kind) => {
    const of = (key: string) => number(at(query, 'totals', kind, key));
    return `${kind}: ${of('bytes')} bytes, ${of('packets')} packets, ${of('errors')} errors`;
  });
  return counts.length < 2 ? null : counts.join('; ');
}

/** What `$rtpstat(NAME)` reads of each report. */
const measures: Readonly<Record<string, string>> = {
  MOS: 'MOS',
  jitter: 'jitter',
  roundtrip: 'round-trip time',
  packetloss: 'packet loss',
};

const forms = ['average', 'min', 'max', 'min-at', 'max-at'];

export const statisticNames: readonly string[] = Object.keys(measures).flatMap((name) =>
  forms.map((form) => `${name}-${form}`),
);

/** The streams of one side, by its tag, or of all: the numbers of their sources. */
function sourcesOf(query: Dictionary, tag: string | null): readonly string[] {
  const all = at(query, 'SSRC');
  const every = isDictionary(all) ? Object.keys(all) : [];
  if (tag === null) return every;
  const medias = at(query, 'tags', tag, 'medias');
  const found = new Set<string>();
  for (const media of Array.isArray(medias) ? (medias as readonly Bencoded[]) : []) {
    const streams = at(media, 'streams');
    for (const stream of Array.isArray(streams) ? (streams as readonly Bencoded[]) : []) {
      const one = at(stream, 'SSRC');
      if (typeof one === 'number' || typeof one === 'string') found.add(String(one));
    }
  }
  return every.filter((source) => found.has(source));
}

/** The value of a statistic; null without reports. */
export function statistic(query: Dictionary, name: string, tag: string | null): Value {
  const [, measure = '', form = ''] = /^([^-]+)-(.+)$/.exec(name) ?? [];
  const key = measures[measure];
  if (key === undefined) return null;
  const created = number(at(query, 'created'));
  const reports = (kind: string) =>
    sourcesOf(query, tag).flatMap((source) => {
      const value = at(query, 'SSRC', source, kind, key);
      const when = number(at(query, 'SSRC', source, kind, 'reported at'));
      return typeof value === 'number' ? { value, at: when - created } : [];
    });
  if (form === 'average') {
    const averages = reports('average MOS');
    if (averages.length === 0) return null;
    return Math.trunc(averages.reduce((sum, { value }) => sum + value, 0) / averages.length);
  }
  const isLeast = form.startsWith('min');
  const [first, ...others] = reports(isLeast ? 'lowest MOS' : 'highest MOS');
  if (first === undefined) return null;
  const isMore = (a: number, b: number) => (isLeast ? a < b : a > b);
  const found = others.reduce((best, one) => (isMore(one.value, best.value) ? one : best), first);
  return form.endsWith('-at') ? found.at : found.value;
}
