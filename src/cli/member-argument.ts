/** What `siprest run --processes` starts its processes with: no command that anybody types. */
export const memberArgument = '--member-of-a-server';
