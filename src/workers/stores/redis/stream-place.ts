/** Places in a stream of Redis, `1700000000000-5`. */
export const beginning = '0-0';

/** Whether one place comes after another. */
export function isAfter(one: string, other: string): boolean {
  const [time, count] = parts(one);
  const [otherTime, otherCount] = parts(other);
  return time > otherTime || (time === otherTime && count > otherCount);
}

const parts = (id: string): readonly [number, number] => {
  const dash = id.indexOf('-');
  return [Number(id.slice(0, dash)), Number(id.slice(dash + 1))];
};
