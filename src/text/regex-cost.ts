/**
 * An upper bound for the cost of a pattern in a backtracking engine: `factor * length ** degree` steps, computed from
 * the tree. A loop whose bytes cannot begin what follows (`[^;]*;`) can end in one way, and costs its length; any
 * other can end at every byte, and multiplies the cost of the rest. A loop around something ambiguous (`(a+)+`,
 * `(a|ab)*`) has no such bound.
 */
import type { ByteSet, RegexNode } from './regex-syntax.ts';

export interface RegexCost {
  readonly factor: number;
  /** Infinity without a bound. */
  readonly degree: number;
}

/** Which bytes can come next, and whether the end can. */
interface Follow {
  readonly bytes: ByteSet;
  readonly accepts: boolean;
}

/** The number of ways to match a part: `factor * n ** degree`; `scans` if a single way may cover n bytes. */
interface Ways extends RegexCost {
  readonly scans: boolean;
}

const none: ByteSet = new Uint8Array(256);
const all: ByteSet = new Uint8Array(256).fill(1);
const lineEnd: ByteSet = new Uint8Array(256);
lineEnd[10] = 1;

const oneWay: Ways = { factor: 1, degree: 0, scans: false };
const unbounded: Ways = { factor: 1, degree: Number.POSITIVE_INFINITY, scans: true };
/** Counted loops up to this many choices are treated as choices, others as loops. */
const fewChoices = 8;

export function regexCost(root: RegexNode): RegexCost {
  const { factor, degree, scans } = ways(root, { bytes: none, accepts: true });
  // an engine that searches for a match tries each position
  const places = degree + (startsAtText(root) ? 0 : 1);
  return { factor, degree: Math.max(1, places + (scans && places > 0 ? 1 : 0)) };
}

function startsAtText(node: RegexNode): boolean {
  switch (node.kind) {
    case 'assertion':
      return node.name === 'text-start';
    case 'sequence':
      return node.items[0] !== undefined && startsAtText(node.items[0]);
    case 'group':
      return startsAtText(node.inner);
    case 'alternatives':
      return node.branches.every(startsAtText);
    default:
      return false;
  }
}

const union = (a: ByteSet, b: ByteSet): ByteSet => a.map((is, code) => is | (b[code] ?? 0));
const disjoint = (a: ByteSet, b: ByteSet): boolean => a.every((is, code) => is === 0 || b[code] === 0);

/** What can come next before `node` and what follows it. */
function first(node: RegexNode, follow: Follow): Follow {
  switch (node.kind) {
    case 'bytes':
      return { bytes: node.bytes, accepts: false };
    case 'assertion':
      if (node.name === 'text-end') return { bytes: none, accepts: false };
      if (node.name === 'line-end') return { bytes: lineEnd, accepts: false };
      // it may fail at the end of the pattern, so that an earlier loop backtracks
      return follow.accepts ? { bytes: all, accepts: false } : follow;
    case 'sequence':
      return node.items.reduceRight<Follow>((next, item) => first(item, next), follow);
    case 'alternatives': {
      const each = node.branches.map((branch) => first(branch, follow));
      return each.reduce((a, b) => ({ bytes: union(a.bytes, b.bytes), accepts: a.accepts || b.accepts }));
    }
    case 'group':
      return first(node.inner, follow);
    case 'repeat': {
      if (node.to === 0) return follow;
      const inner = first(node.item, follow);
      if (node.from > 0) return inner;
      return { bytes: union(inner.bytes, follow.bytes), accepts: inner.accepts || follow.accepts };
    }
    case 'backreference':
      return { bytes: all, accepts: follow.accepts };
  }
}

function ways(node: RegexNode, follow: Follow): Ways {
  switch (node.kind) {
    case 'bytes':
    case 'assertion':
      return oneWay;
    case 'backreference':
      return { ...oneWay, scans: true };
    case 'group':
      return ways(node.inner, follow);
    case 'sequence': {
      let total = oneWay;
      let next = follow;
      for (const item of node.items.toReversed()) {
        total = product(ways(item, next), total);
        next = first(item, next);
      }
      return total;
    }
    case 'alternatives': {
      const each = node.branches.map((branch) => ways(branch, follow));
      const sum = each.reduce((a, b) => ({
        factor: a.factor + b.factor,
        degree: Math.max(a.degree, b.degree),
        scans: a.scans || b.scans,
      }));
      return areDisjoint(node.branches, follow)
        ? { ...sum, factor: Math.max(...each.map((one) => one.factor)) }
        : sum;
    }
    case 'repeat':
      return repeatWays(node, follow);
  }
}

const product = (a: Ways, b: Ways): Ways => ({
  factor: a.factor * b.factor,
  degree: a.degree + b.degree,
  scans: a.scans || b.scans,
});

/** Whether the next byte determines the branch. */
function areDisjoint(branches: readonly RegexNode[], follow: Follow): boolean {
  let seen = none;
  for (const branch of branches) {
    if (isNullable(branch)) return false;
    const { bytes } = first(branch, follow);
    if (!disjoint(seen, bytes)) return false;
    seen = union(seen, bytes);
  }
  return true;
}

function repeatWays({ item, from, to }: Extract<RegexNode, { kind: 'repeat' }>, follow: Follow): Ways {
  if (to === 0) return oneWay;
  const again = first(item, follow);
  const delimited = disjoint(again.bytes, follow.bytes) && !isNullable(item);
  const inner = ways(item, {
    bytes: to === 1 ? follow.bytes : union(again.bytes, follow.bytes),
    accepts: follow.accepts,
  });
  const choices = to - from + 1;
  if (choices <= fewChoices) {
    return {
      factor: inner.factor ** Math.max(1, to) * (delimited ? 1 : choices),
      degree: inner.degree * to,
      scans: inner.scans,
    };
  }
  // every iteration must be unambiguous, else the ways multiply with each one
  if (inner.factor > 1 || inner.degree > 0 || isNullable(item)) return unbounded;
  // at the end of the pattern, only the longest way is taken
  if (follow.accepts && disjoint(follow.bytes, all)) return oneWay;
  return delimited ? { ...oneWay, scans: true } : { factor: 1, degree: 1, scans: inner.scans };
}

function isNullable(node: RegexNode): boolean {
  switch (node.kind) {
    case 'bytes':
      return false;
    case 'assertion':
    case 'backreference':
      return true;
    case 'sequence':
      return node.items.every(isNullable);
    case 'alternatives':
      return node.branches.some(isNullable);
    case 'group':
      return isNullable(node.inner);
    case 'repeat':
      return node.from === 0 || isNullable(node.item);
  }
}
