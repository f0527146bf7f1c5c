import type { RecordRoute } from '../../relay/index.ts';
import type { Edit } from '../../runtime/index.ts';
import type { Header, SendingSocket } from '../../sip/index.ts';

/** The URIs of Record-Routes, the first on top. */
export interface RouteUris {
  /** Where the request leaves by the socket that received it. */
  readonly uris: readonly string[];
  /** Whether there are others where it leaves by another one. */
  readonly mayDouble: boolean;
  doubled(outgoing: SendingSocket): readonly string[];
}

/** Record-Routes among the edits of a request: data, since they stay as long as the call waits. */
export class AddedRoute implements RecordRoute {
  edit: Edit;
  readonly #uris: RouteUris;
  readonly #place: number;
  readonly #kind: 'insert-before' | 'insert-after';
  #extra: string;

  constructor(uris: RouteUris, headers: readonly Header[], extra: string) {
    const first = headers.findIndex(({ key }) => key === 'record-route');
    this.#uris = uris;
    this.#kind = first >= 0 ? 'insert-before' : 'insert-after';
    this.#place = first >= 0 ? first : headers.findLastIndex(({ key }) => key === 'via');
    this.#extra = extra;
    this.edit = this.#write(uris.uris);
  }

  #write(uris: readonly string[]): Edit {
    let lines = '';
    for (const uri of uris) lines += `Record-Route: <${uri}${this.#extra}>\r\n`;
    return { kind: this.#kind, header: this.#place, lines };
  }

  doubled(outgoing: SendingSocket): Edit {
    return this.#write(this.#uris.doubled(outgoing));
  }

  /** Writes them anew, with parameters that were added later. */
  extend(extra: string, list: Edit[]): void {
    const place = list.indexOf(this.edit);
    this.#extra = extra;
    this.edit = this.#write(this.#uris.uris);
    list.splice(place < 0 ? list.length : place, place < 0 ? 0 : 1, this.edit);
  }
}
