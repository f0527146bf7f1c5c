/**
 * Identifiers of dialogs: two numbers in hexadecimal, each from its last digit to its first, `e65.9973d791`. Databases and
 * commands know the same as one decimal number, 5970432178073.
 */
import { randomToken } from '../sip/index.ts';

const turned = (text: string): string => [...text].toReversed().join('');

const identifierOf = (entry: number, id: number): string =>
  `${turned(entry.toString(16))}.${turned(id.toString(16))}`;

/** A random one. */
export function newIdentifier(): string {
  const token = randomToken();
  return identifierOf(Number.parseInt(token.slice(0, 3), 16), Number.parseInt(token.slice(3, 11), 16));
}

/** As one number, in decimal. */
export function numberOf(did: string): string {
  const [entry = '0', id = '0'] = did.split('.');
  return String((BigInt(`0x${turned(entry)}`) << 32n) | BigInt(`0x${turned(id)}`));
}

/** The identifier that a decimal number means; null for other text. */
export function identifierIn(text: string): string | null {
  if (!/^\d{1,16}$/.test(text)) return null;
  const number = BigInt(text);
  return identifierOf(Number(number >> 32n), Number(number & 0xffffffffn));
}
