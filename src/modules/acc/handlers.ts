/** Accounting for the handlers of policies. */
import type { Accountant, RunRouting } from '../../runtime/index.ts';
import { account } from './account.ts';
import { accounting } from './accounting.ts';
import { setField, tagsOf } from './fields.ts';
import { parameters } from './parameters.ts';
import { flagWords, typeWords, type Words } from './selection.ts';

function known<Name extends string>(words: Words<Name>, names: readonly string[]): readonly Name[] {
  const found = words.read(names.join('|'));
  if (found === null)
    throw new TypeError(`account(): use any of ${words.names.join(', ')}, not ${names.join(', ')}`);
  return found;
}

export const accountantOf = (routing: RunRouting): Accountant => ({
  account: (request, { to, flags, extra }) => {
    const { rest_url, extra_fields } = routing.parameters(parameters);
    const tags = tagsOf(extra_fields);
    const types = known(typeWords, to);
    if (types.includes('rest') && rest_url === '') throw new TypeError('account(): set rest_url of acc');
    for (const tag of extra.keys())
      if (!tags.includes(tag))
        throw new TypeError(
          `account(): extra_fields of acc has no "${tag}", only ${tags.join(', ') || 'none'}`,
        );
    const { values } = request.state(accounting);
    for (const [tag, value] of extra) setField(values, tag, value);
    account(routing, request, types, known(flagWords, flags));
  },
});
