/** Replies to REGISTER. Source: scenarios registrar-*. */
import type { Run } from '../../runtime/index.ts';
import { headerText, NO_HEADERS } from '../../sip/index.ts';
import type { Contact } from '../usrloc/location.ts';
import { temporaryGruu } from './gruu.ts';
import { parameters } from './parameters.ts';

const reasons = {
  400: 'Bad Request',
  420: 'Bad Extension',
  439: 'First Hop Lacks Outbound Support',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
  555: 'Push Notification Service Not Supported',
};

export type Refusal = keyof typeof reasons;

/** 200 with the contacts, and further header lines. */
export function answer(run: Run, contacts: readonly Contact[], lines: string): void {
  send(run, 200, 'OK', `${contactLine(run, contacts)}${lines}`);
}

/** A negative reply, with what is registered all the same. */
export function refuse(run: Run, status: Refusal, text: string, contacts: readonly Contact[]): void {
  const { retry_after: pause } = run.parameters(parameters);
  const lines = [
    contactLine(run, contacts),
    `P-Registrar-Error: ${text}\r\n`,
    status >= 500 && status !== 555 && pause > 0 ? `Retry-After: ${pause}\r\n` : '',
    status === 420 ? 'Unsupported: path\r\n' : '',
  ];
  if (status === 420)
    for (const path of run.request.message?.headerAll('path') ?? []) lines.push(`Path: ${path}\r\n`);
  send(run, status, reasons[status], lines.join(''));
}

function send(run: Run, status: number, reason: string, lines: string): void {
  const headers = lines === '' ? NO_HEADERS : headerText(lines);
  if (headers === null || !run.request.replyWith({ status, reason, headers }))
    run.complain(`save(): the reply ${status} could not be sent`);
}

function contactLine(run: Run, contacts: readonly Contact[]): string {
  if (contacts.length === 0) return '';
  return `Contact: ${contacts.map((one) => contactText(run, one)).join(', ')}\r\n`;
}

function contactText(run: Run, contact: Contact): string {
  const values = run.parameters(parameters);
  const left = Math.max(0, Math.round((contact.expires - run.routing.host.clock.date()) / 1000));
  const q = contact.q === null ? '' : `;q=${contact.q}`;
  const received = contact.received === null ? '' : `;${values.received_param}="${contact.received}"`;
  const { message } = run.request;
  const hasGruu =
    !values.disable_gruu &&
    contact.instance !== null &&
    message?.headerList('supported').some((one) => one.toLowerCase() === 'gruu') === true;
  const gruu = hasGruu
    ? `;pub-gruu="${message?.findTo()?.uri ?? ''};gr=${withoutBrackets(contact.instance ?? '')}"${temporaryGruu(run, contact)};+sip.instance="${contact.instance}"`
    : '';
  return `<${contact.uri}>${q};expires=${left}${received}${gruu}`;
}

/** The instance in a GRUU. */
export const withoutBrackets = (instance: string): string => instance.replace(/^<(.*)>$/, '$1');
