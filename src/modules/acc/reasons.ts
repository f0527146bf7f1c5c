/** Why some types of records are accepted without effect. */
export const noDatabase = 'siprest writes to no database; account to "evi", whose route may ask a service';
export const noAaa = 'siprest has no AAA; account to "evi" instead';
