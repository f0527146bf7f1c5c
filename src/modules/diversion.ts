/** The diversion module: the Diversion header. Source: modules/diversion of the manual; RFC 5806. */
import { defineModule, type Edit, type Request, StateKey } from '../runtime/index.ts';
import { defineParameters } from '../script/index.ts';
import { headerText } from '../sip/index.ts';

const parameters = defineParameters([
  {
    name: 'suffix',
    type: 'string',
    default: '',
    summary: 'Parameters at the end of the header, such as `;privacy=full`.',
  },
]);

/** The edit that adds the headers, the last one first. */
const added = new StateKey<Request, { edit: Edit | null; lines: string }>('diversion', () => ({
  edit: null,
  lines: '',
}));

export const diversion = defineModule({
  name: 'diversion',
  summary: 'Says in a Diversion header to whom a call was addressed before.',
  source: 'modules/diversion',
  parameters,
  functions: [
    {
      name: 'add_diversion',
      arguments: [
        { name: 'reason', type: 'string', intoHeaders: true, summary: 'The reason, such as `user-busy`.' },
        {
          name: 'uri',
          type: 'string',
          optional: true,
          intoHeaders: true,
          summary: 'The diverted URI; default the request URI as received.',
        },
        { name: 'counter', type: 'int', optional: true, summary: 'The number of diversions.' },
      ],
      routes: ['route', 'failure_route'],
      summary: 'Adds a Diversion header above those that the request has.',
      source: 'modules/diversion',
      run: (run, reason, uri, counter) => {
        const { message } = run.request;
        if (message === null) return -1;
        const count = counter === undefined ? '' : `;counter=${counter}`;
        const line = headerText(
          `Diversion: <${uri ?? message.requestUri}>;reason=${reason}${count}${run.parameters(parameters).suffix}\r\n`,
        );
        if (line === null) {
          run.complain('add_diversion(): expected a reason and a URI for one header');
          return -1;
        }
        const state = run.state(added);
        const { edits } = run.draft;
        const place = state.edit === null ? -1 : edits.indexOf(state.edit);
        const first = message.headers.findIndex(({ key }) => key === 'diversion');
        state.lines = place < 0 ? line : `${line}${state.lines}`;
        state.edit =
          first < 0
            ? { kind: 'append', lines: state.lines }
            : { kind: 'insert-before', header: first, lines: state.lines };
        if (place < 0) edits.push(state.edit);
        else edits.splice(place, 1, state.edit);
        return 1;
      },
    },
  ],
});
