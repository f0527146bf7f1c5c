/** Suggestions for mistyped names. */
export { didYouMean, editDistance, nearestNames } from './did-you-mean.ts';
