import { Checksum } from '../../src/sip/checksum.ts';

/** Which of some processes a call belongs to. */
export const ownerOf = ({ callId }: { readonly callId: string }, processes = 2): number =>
  new Checksum().add(callId).number % processes;

/** A Call-ID of a call that belongs to one of some processes. */
export function callIdOf(owner: number, name: string, processes = 2): string {
  for (let nth = 0; ; nth++) {
    const callId = `${name}${nth}@test`;
    if (ownerOf({ callId }, processes) === owner) return callId;
  }
}
