/** What a CANCEL made here says about why (RFC 3326), word for word as OpenSIPS does. */
import type { HeaderText } from './header-text.ts';

/** The caller has cancelled, and nobody has said why. */
export const ORIGINATOR_CANCEL = 'Reason: SIP;cause=487;text="ORIGINATOR_CANCEL"\r\n' as HeaderText;
/** It has rung too long. */
export const NO_ANSWER = 'Reason: SIP;cause=480;text="NO_ANSWER"\r\n' as HeaderText;
/** Another branch has answered (RFC 3326, 3.1): a phone does not list the call as missed. */
export const ELSEWHERE = 'Reason: SIP;cause=200;text="Call completed elsewhere"\r\n' as HeaderText;
