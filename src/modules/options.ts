/** The options module: answers OPTIONS requests to the server itself. Source: modules/options of the manual. */
import { defineModule } from '../runtime/index.ts';
import { defineParameters } from '../script/index.ts';
import { headerText, NO_HEADERS } from '../sip/index.ts';

const header = <const Name extends string>(name: Name, field: string, value: string) =>
  ({
    name,
    type: 'string',
    default: value,
    summary: `The ${field} header of the reply; empty: none.`,
  }) as const;

const parameters = defineParameters([
  header('accept', 'Accept', '*/*'),
  header('accept_encoding', 'Accept-Encoding', ''),
  header('accept_language', 'Accept-Language', 'en'),
  header('support', 'Supported', ''),
]);

export const options = defineModule({
  name: 'options',
  summary: 'Answers OPTIONS requests to the server itself.',
  source: 'modules/options',
  parameters,
  functions: [
    {
      name: 'options_reply',
      arguments: [],
      routes: ['route'],
      summary:
        'Answers an OPTIONS request whose request URI has no user with 200 and the capabilities of the parameters, and ends the script; -1 for any other request.',
      source: 'modules/options; scenarios options-*',
      run: (run) => {
        const { request } = run;
        if (request.message?.method !== 'OPTIONS' || request.uri === null || request.uri.user) return -1;
        const values = run.parameters(parameters);
        const fields = [
          ['Accept', values.accept],
          ['Accept-Encoding', values.accept_encoding],
          ['Accept-Language', values.accept_language],
          ['Supported', values.support],
        ] as const;
        const lines = fields.map(([name, value]) => (value === '' ? '' : `${name}: ${value}\r\n`)).join('');
        const headers = lines === '' ? NO_HEADERS : headerText(lines);
        if (headers === null) {
          run.complain('options_reply(): a parameter of the module is not the value of a header');
          return -1;
        }
        return request.replyWith({ status: 200, headers }) ? 0 : -1;
      },
    },
  ],
});
