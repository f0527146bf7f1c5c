/** A module as users write it, loaded by a script and called on a message. */
import { describe, expect, test } from 'vitest';
import { defineModule, type Routing, StateKey } from '../../src/runtime/index.ts';
import { defineParameters } from '../../src/script/index.ts';
import { runScript } from '../support/run-script.ts';
import { programOf } from '../support/server.ts';

const parameters = defineParameters([
  { name: 'greeting', type: 'string', default: 'hello', summary: 'What is said.' },
  { name: 'limit', type: 'int', default: 2, minimum: 1, maximum: 9, summary: 'How often at most.' },
  { name: 'pause', type: 'seconds', default: 0, zero: 0.001, unit: 's', summary: 'Before a late greeting.' },
  { name: 'guest', type: 'string', default: null, repeated: true, summary: 'Who is greeted by name.' },
]);

const greetings = new StateKey<Routing, { count: number }>('greetings', () => ({ count: 0 }));

const greeter = defineModule({
  name: 'greeter',
  summary: 'Greets callers.',
  parameters,
  validate: ({ greeting, guest }) =>
    guest.includes(greeting) ? [`greeting (${greeting}) is the name of a guest`] : [],
  start: (routing, { guest }) => {
    routing.states.get(greetings).count = guest.length;
  },
  functions: [
    {
      name: 'greet',
      arguments: [
        { name: 'who', type: 'string', summary: 'Who is greeted.' },
        { name: 'times', type: 'int', optional: true, summary: 'How often; default once.' },
        { name: 'result', type: 'variable', summary: 'Gets the greeting.' },
      ],
      summary: 'Writes a greeting. -1 for a stranger.',
      run: (run, who, times = 1, result) => {
        const { greeting, limit, guest } = run.parameters(parameters);
        run.routing.states.get(greetings).count++;
        if (!guest.includes(who)) return -1;
        return result.set(run, `${greeting} ${who} `.repeat(Math.min(times, limit)).trim()) ? 1 : -1;
      },
    },
    {
      name: 'greet_late',
      arguments: [
        { name: 'who', type: 'string', summary: 'Who is greeted.' },
        { name: 'result', type: 'variable', summary: 'Gets the greeting.' },
      ],
      summary: 'Writes a greeting after the pause.',
      start: async ({ run }, who, result) => {
        const { greeting, pause } = run.parameters(parameters);
        await new Promise((resolve) => {
          setTimeout(resolve, 1000 * pause);
        });
        return (resumed) => (result.set(resumed, `${greeting} ${who}`) ? 1 : -1);
      },
    },
  ],
  variables: [
    {
      name: 'greetings',
      summary: 'How many guests there are, and how often one was greeted.',
      resolve: () => ({ get: (run) => run.routing.states.get(greetings).count }),
    },
  ],
  transformations: [
    {
      name: 'greeter.shout',
      arguments: [{ name: 'marks', type: 'int', optional: true }],
      summary: 'In capitals, with exclamation marks.',
      apply: (text, marks = 1) => text.toUpperCase() + '!'.repeat(marks),
    },
  ],
});

const runGreeter = (body: string, set = '') =>
  runScript(body, { modules: ['greeter'], ownModules: [greeter], rest: set });

describe("a module of one's own", () => {
  test('has the parameters that the script sets', async () => {
    const guests = 'modparam("greeter", "guest", "ann") modparam("greeter", "guest", "bob")';
    const { prints, log } = await runGreeter(
      `greet("bob", 5, $var(x)); xlog("$var(x) $rc"); greet("eve", 1, $var(x)); xlog("$rc of $greetings");`,
      `${guests} modparam("greeter", "limit", 3)`,
    );
    expect(log).toEqual([]);
    expect(prints).toEqual(['hello bob hello bob hello bob 1', '-1 of 4']);
  });

  test('has the defaults from its rows', async () => {
    const { prints } = await runGreeter(
      'greet("bob", 5, $var(x)); xlog("$var(x)");',
      'modparam("greeter", "guest", "bob")',
    );
    expect(prints).toEqual(['hello bob hello bob']);
  });

  test('is called in the background', async () => {
    const { prints } = await runGreeter(
      'async(greet_late("ann", $var(x)), later);',
      'route[later] { xlog("$var(x) $rc"); }',
    );
    expect(prints).toEqual(['hello ann 1']);
  });

  test('has transformations', async () => {
    const { prints } = await runGreeter(
      '$var(x) = "hi"; $var(n) = 3; xlog("$(var(x){greeter.shout}) $(var(x){greeter.shout,$var(n)})");',
    );
    expect(prints).toEqual(['HI! HI!!!']);
  });

  test.each([
    ['modparam("greeter", "limit", 10)', 'limit must be from 1 to 9, not 10'],
    ['modparam("greeter", "limits", 1)', 'the module greeter has no parameter "limits"'],
  ])('%s is an error of the script', (set, message) => {
    const script = `loadmodule "greeter.so" ${set} route { exit; }`;
    expect(() => programOf(script, [], [greeter])).toThrow(message);
  });

  test('is called only with the arguments of its rows', () => {
    const script = 'loadmodule "greeter.so" route { greet("bob", many, $var(x)); }';
    expect(() => programOf(script, [], [greeter])).toThrow('argument "times"');
  });
});
