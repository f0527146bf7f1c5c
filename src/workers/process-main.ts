/** The default program of one of several processes. */
import { runMember } from './run-member.ts';

runMember();
