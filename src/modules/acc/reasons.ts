/** Why some types of records are accepted without effect. */
export const noDatabase = 'siprest writes to no database; account to "rest", whose service may write to one';
export const noAaa = 'siprest has no AAA; account to "rest" instead';
