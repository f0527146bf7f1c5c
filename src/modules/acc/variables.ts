/** `$acc_extra`, `$acc_leg`, `$acc_current_leg`. Source: modules/acc of the manual; scenarios acc-*. */
import { subnameOf } from '../../core/index.ts';
import { defineVariables, type Run } from '../../runtime/index.ts';
import { definedNames, InvalidUse, type VariableUse } from '../../script/index.ts';
import { type Accounting, accounting } from './accounting.ts';
import { currentAccounting } from './context.ts';
import { type FieldValues, setField, tagsOf } from './fields.ts';
import { parameters } from './parameters.ts';

const source = 'modules/acc';

const stateOf = (run: Run): Accounting => currentAccounting(run.request) ?? run.state(accounting);

/** The leg at an index, from the end if it is negative; without an index the current one. */
function legAt({ index }: VariableUse<Run>): (run: Run) => FieldValues | undefined {
  if (index === 'all' || index === 'append')
    throw new InvalidUse(`[${index === 'all' ? '*' : index}] is not supported`, 'use the number of a leg');
  return (run) => {
    const at = typeof index === 'function' ? index(run) : index;
    return stateOf(run).legs.at(at ?? -1);
  };
}

export const variables = defineVariables([
  {
    name: 'acc_extra',
    subname: 'required',
    writable: true,
    definedBy: definedNames('acc', parameters, ({ extra_fields }) => tagsOf(extra_fields)),
    summary: 'A value of `extra_fields`, for the records of this message and its transaction.',
    source: 'modules/acc; scenario acc-log-extra',
    resolve: (use) => {
      const tag = subnameOf(use);
      return {
        get: (run) => currentAccounting(run.request)?.values.get(tag(run)) ?? null,
        set: (run, value) => {
          setField(stateOf(run).values, tag(run), value);
          return true;
        },
      };
    },
  },
  {
    name: 'acc_leg',
    subname: 'required',
    indexed: true,
    writable: true,
    definedBy: definedNames('acc', parameters, ({ leg_fields }) => tagsOf(leg_fields)),
    summary:
      'A value of `leg_fields`: of the current leg, or of the one with this index, where -1 is the last.',
    source,
    resolve: (use) => {
      const tag = subnameOf(use);
      const leg = legAt(use);
      return {
        get: (run) => leg(run)?.get(tag(run)) ?? null,
        set: (run, value) => {
          const values = leg(run);
          if (values !== undefined) setField(values, tag(run), value);
          return values !== undefined;
        },
      };
    },
  },
  {
    name: 'acc_current_leg',
    summary: 'The index of the current leg, from 0; null without `leg_fields`.',
    source,
    resolve: () => ({
      get: (run) =>
        run.parameters(parameters).leg_fields.length === 0 ? null : stateOf(run).legs.length - 1,
    }),
  },
]);
