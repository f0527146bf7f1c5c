/** The internal argument with which `siprest run --processes` starts its processes. */
export const memberArgument = '--member-of-a-server';
