/** Levels that an administrator has set for all processes, in the store for those that are started again. */
import type { Store } from '../stores/store.ts';
import type { LogFilter, LogOverrides } from './log-levels.ts';

const space = 'log levels';

export const keepLevel = (store: Store, name: 'level' | 'xlogLevel', level: number): boolean =>
  store.values(space).set(name, level);

export const keepFilters = (store: Store, filters: readonly LogFilter[]): boolean =>
  store.values(space).set('filters', JSON.stringify(filters));

export function keptLevels(store: Store): LogOverrides {
  const values = store.values(space);
  const number = (name: 'level' | 'xlogLevel') => {
    const level = values.get(name);
    return typeof level === 'number' ? level : null;
  };
  const filters = values.get('filters');
  return {
    level: number('level'),
    xlogLevel: number('xlogLevel'),
    filters: typeof filters === 'string' ? (JSON.parse(filters) as readonly LogFilter[]) : [],
  };
}
