/** The Reason headers of generated CANCELs (RFC 3326), worded exactly as in OpenSIPS. */
import type { HeaderText } from './header-text.ts';

/** The caller cancelled without a reason. */
export const ORIGINATOR_CANCEL = 'Reason: SIP;cause=487;text="ORIGINATOR_CANCEL"\r\n' as HeaderText;
/** It rang too long. */
export const NO_ANSWER = 'Reason: SIP;cause=480;text="NO_ANSWER"\r\n' as HeaderText;
/** Another branch answered (RFC 3326, 3.1), so that a phone does not list the call as missed. */
export const ELSEWHERE = 'Reason: SIP;cause=200;text="Call completed elsewhere"\r\n' as HeaderText;
