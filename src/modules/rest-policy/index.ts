/**
 * The rest_policy module, siprest's own: requests with any method, for the next request a time limit, and variables about the
 * last outcome. Its transfers are rest_client's: the same clients, connections, parameters and appended headers.
 */
import { isMethod, type PolicyFile, RestOptionError, readPolicyFile } from '../../rest/index.ts';
import { defineFunctions, defineModule, type Run } from '../../runtime/index.ts';
import { type Completion, defineParameters, InvalidUse, type Invocation } from '../../script/index.ts';
import { output, returnCodes, sendBody, sendType, statusOutput, url } from '../rest-client/arguments.ts';
import {
  admit,
  type Finish,
  into,
  nextRequest,
  outcomeListeners,
  policyOptions,
  type Transfer,
  transfer,
} from '../rest-client/transfers.ts';
import { hostState, raiseHostEvents } from './events.ts';
import { intoJson } from './json.ts';
import { keepOutcome } from './last-outcome.ts';
import { query } from './query.ts';
import { variables } from './variables.ts';

const source = "siprest's own";

const parameters = defineParameters([
  {
    name: 'policy_file',
    type: 'string',
    default: '',
    summary:
      'A JSON file with `hosts` and `targets`, as in docs/rest-policies.md: retries, circuit breakers, limits, replicas, cache, authentication by host. They apply to all REST functions. Empty: none.',
    source,
  },
]);

function readPolicies(path: string): PolicyFile {
  if (path === '') return {};
  try {
    return readPolicyFile(path);
  } catch (error) {
    if (error instanceof RestOptionError) throw new InvalidUse(error.message);
    throw error;
  }
}

const bodyOutput = output('body_pv', "Gets the reply's body.");
const typeOutput = output('ctype_pv', "Gets the reply's Content-Type.");
const optionalBody = { ...sendBody, optional: true } as const;
const bodyType = {
  ...sendType,
  summary:
    'Its Content-Type; default `application/x-www-form-urlencoded` for POST and PUT, none for others. An empty one: no Content-Type. Null: -1.',
} as const;

const refusedMethod = (text: string) => (isMethod(text) ? null : 'invalid method');

const failed: Completion<Run> = () => -1;

/** The method may come from a variable. */
function withAnyMethod(invocation: Invocation<Run>, request: Transfer, finish: Finish) {
  if (isMethod(request.method)) return transfer(invocation, request, finish);
  invocation.run.complain(`${request.name}(): invalid method ${JSON.stringify(request.method.slice(0, 40))}`);
  return failed;
}

const maxTimeout = 2_000_000_000;

const functions = defineFunctions([
  {
    name: 'rest_request',
    arguments: [
      {
        name: 'method',
        type: 'string',
        refuses: refusedMethod,
        summary: 'Any HTTP method but CONNECT, as it is sent.',
      },
      url,
      optionalBody,
      bodyType,
      bodyOutput,
      typeOutput,
      statusOutput,
    ],
    summary: `An HTTP request with any method. ${returnCodes} Returns -1 for an invalid method as well.`,
    source,
    admit,
    start: (invocation, method, target, body, type, bodyOut, typeOut, statusOut) =>
      withAnyMethod(
        invocation,
        { name: 'rest_request', method, url: target, body, contentType: type },
        into({ body: bodyOut, contentType: typeOut, status: statusOut }),
      ),
  },
  {
    name: 'rest_delete',
    arguments: [url, bodyOutput, typeOutput, statusOutput],
    summary: `An HTTP DELETE. ${returnCodes}`,
    source,
    admit,
    start: (invocation, target, bodyOut, typeOut, statusOut) =>
      transfer(
        invocation,
        { name: 'rest_delete', method: 'DELETE', url: target },
        into({ body: bodyOut, contentType: typeOut, status: statusOut }),
      ),
  },
  {
    name: 'rest_patch',
    arguments: [url, sendBody, bodyType, bodyOutput, typeOutput, statusOutput],
    summary: `An HTTP PATCH, whose body has no Content-Type unless \`send_ctype\` names one. ${returnCodes}`,
    source,
    admit,
    start: (invocation, target, body, type, bodyOut, typeOut, statusOut) =>
      transfer(
        invocation,
        { name: 'rest_patch', method: 'PATCH', url: target, body, contentType: type },
        into({ body: bodyOut, contentType: typeOut, status: statusOut }),
      ),
  },
  {
    name: 'rest_head',
    arguments: [url, typeOutput, statusOutput],
    summary: `An HTTP HEAD: no body; \`$rest_hdr(...)\` has the headers. ${returnCodes}`,
    source,
    admit,
    start: (invocation, target, typeOut, statusOut) =>
      transfer(
        invocation,
        { name: 'rest_head', method: 'HEAD', url: target },
        into({ contentType: typeOut, status: statusOut }),
      ),
  },
  {
    name: 'rest_json',
    arguments: [
      url,
      {
        name: 'json_pv',
        type: 'variable',
        summary: 'Gets the answer: a `$json` variable the document, any other its text.',
      },
      statusOutput,
    ],
    summary:
      'An HTTP GET for JSON, with `Accept: application/json`. Returns 1 only for a 2xx answer that is JSON; -6 for another status, -7 for a body that is not JSON, otherwise as rest_get().',
    source,
    admit,
    start: (invocation, target, jsonOut, statusOut) =>
      transfer(
        invocation,
        { name: 'rest_json', method: 'GET', url: target, accept: 'application/json' },
        intoJson(jsonOut, statusOut),
      ),
  },
  {
    name: 'rest_timeout',
    arguments: [{ name: 'ms', type: 'int', summary: 'Milliseconds, from 1.' }],
    summary:
      "Longest time for the message's next request, connecting included, instead of `curl_timeout`; the third argument of async() may still shorten it. Returns -1 for a time below 1 ms.",
    source,
    run: (run, milliseconds) => {
      if (milliseconds < 1 || milliseconds > maxTimeout) {
        run.complain(`rest_timeout(): ${milliseconds} ms is not from 1 to ${maxTimeout}`);
        return -1;
      }
      run.state(nextRequest).timeout = milliseconds;
      return 1;
    },
  },
]);

export const restPolicy = defineModule({
  name: 'rest_policy',
  summary:
    "siprest's own: HTTP requests with any method, a time limit for each, and what became of the last one.",
  source,
  requires: ['rest_client'],
  parameters,
  // reads the file, so that an error in it is found by `check` and before a reload
  validate: ({ policy_file }) => {
    readPolicies(policy_file);
    return [];
  },
  functions,
  variables,
  transformations: [query],
  events: [hostState],
  start: (routing, { policy_file }) => {
    const { states } = routing;
    states.get(policyOptions).current = readPolicies(policy_file);
    states.get(outcomeListeners).push(keepOutcome);
    raiseHostEvents(routing);
  },
});
