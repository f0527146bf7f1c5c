/** What one of several processes runs, where the program that started them names no other. */
import { runMember } from './run-member.ts';

runMember();
