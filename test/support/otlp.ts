/** A collector of traces by OTLP over HTTP, in JSON, as OpenTelemetry's specification has it. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface AnyValue {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes?: readonly KeyValue[];
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly KeyValue[] }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

interface Traces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** '' for none. */
  readonly parentId: string;
  readonly name: string;
  readonly kind: 'internal' | 'server' | 'client';
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly string[];
  readonly isFailed: boolean;
  readonly service: unknown;
  /** Nanoseconds since 1970. */
  readonly from: bigint;
  readonly to: bigint;
}

const kinds = ['internal', 'internal', 'server', 'client'] as const;

const valueOf = ({ stringValue, intValue, doubleValue, boolValue }: AnyValue): unknown =>
  stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue));

const record = (all: readonly KeyValue[] = []): Readonly<Record<string, unknown>> =>
  Object.fromEntries(all.map(({ key, value }) => [key, valueOf(value)]));

const eventText = ({ name, attributes }: NonNullable<SentSpan['events']>[number]): string => {
  const message = record(attributes)['log.message'];
  return typeof message === 'string' ? `${name}: ${message}` : name;
};

function spansOf(text: string): readonly CollectedSpan[] {
  const { resourceSpans } = JSON.parse(text) as Traces;
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentId: span.parentSpanId ?? '',
        name: span.name,
        kind: kinds[span.kind] ?? 'internal',
        attributes: record(span.attributes),
        events: (span.events ?? []).map(eventText),
        isFailed: span.status?.code === 2,
        service: record(resource.attributes)['service.name'],
        from: BigInt(span.startTimeUnixNano),
        to: BigInt(span.endTimeUnixNano),
      })),
    ),
  );
}

const accept = (response: ServerResponse): unknown =>
  response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');

/** On a free port of 127.0.0.1; `answer` answers each export, by default that it was taken. */
export async function startTraceCollector(answer: (response: ServerResponse) => unknown = accept) {
  const spans: CollectedSpan[] = [];
  const errors: unknown[] = [];
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      requests++;
      try {
        if (request.url !== '/v1/traces') throw new Error(`unexpected path ${request.url}`);
        spans.push(...spansOf(Buffer.concat(chunks).toString('utf8')));
      } catch (error) {
        errors.push(error);
      }
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    /** In the order in which they arrived. */
    spans,
    errors,
    get requests() {
      return requests;
    },
    /** The spans of all traces as trees of names, in the order of their beginnings. */
    trees: (): readonly string[] => treesOf(spans),
    find: (name: string): CollectedSpan | undefined => spans.find((span) => span.name === name),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const byBeginning = (one: CollectedSpan, other: CollectedSpan): number =>
  one.from < other.from ? -1 : one.from > other.from ? 1 : 0;

/** `INVITE request(route(GET), relay(INVITE branch))` */
function treesOf(spans: readonly CollectedSpan[]): readonly string[] {
  const sorted = spans.toSorted(byBeginning);
  const tree = (span: CollectedSpan): string => {
    const parts = sorted.filter(
      ({ parentId, traceId }) => parentId === span.spanId && traceId === span.traceId,
    );
    return parts.length === 0 ? span.name : `${span.name}(${parts.map(tree).join(', ')})`;
  };
  return sorted.filter(({ parentId }) => !sorted.some(({ spanId }) => spanId === parentId)).map(tree);
}
