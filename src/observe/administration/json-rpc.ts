/** JSON-RPC 2.0, the language of administration over any channel: the control socket, a FIFO, HTTP, datagrams. */
import { CommandError, messageOf } from '../../runtime/index.ts';

/** Executes a method; `params` is an array, an object, or undefined. */
export type Execute = (method: string, params: unknown) => Promise<unknown>;

/** The maximum size of a request, in bytes. */
export const longestRequest = 64 * 1024;
const longestBatch = 100;

interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: string;
}

/** A request that is refused before its method runs (JSON-RPC 2.0, 5.1). */
export class RpcFailure extends Error {
  readonly error: RpcError;
  constructor(code: number, message: string, data?: string) {
    super(data === undefined ? message : `${message}: ${data}`);
    this.name = 'RpcFailure';
    this.error = { code, message, ...(data === undefined ? {} : { data }) };
  }
}

const parseError = -32_700;
const invalidRequest = -32_600;

const failed = (id: unknown, error: RpcError) => ({ jsonrpc: '2.0', error, id });

/** The answer to a request above {@link longestRequest}. */
export const tooLong = (): string =>
  JSON.stringify(
    failed(null, {
      code: invalidRequest,
      message: 'Invalid Request',
      data: `longer than ${longestRequest} bytes`,
    }),
  );

/** Answers a request or a batch, as one line. Null for notifications, which get no answer. Never rejects. */
export async function answerJsonRpc(text: string, execute: Execute): Promise<string | null> {
  let request: unknown;
  try {
    request = JSON.parse(text) as unknown;
  } catch {
    return JSON.stringify(failed(null, { code: parseError, message: 'Parse error', data: 'not JSON' }));
  }
  if (!Array.isArray(request)) {
    const answer = await answerOne(request, execute);
    return answer === null ? null : JSON.stringify(answer);
  }
  if (request.length === 0 || request.length > longestBatch)
    return JSON.stringify(
      failed(null, {
        code: invalidRequest,
        message: 'Invalid Request',
        data: `a batch has 1 to ${longestBatch} requests`,
      }),
    );
  const answers: object[] = [];
  for (const one of request as readonly unknown[]) {
    const answer = await answerOne(one, execute);
    if (answer !== null) answers.push(answer);
  }
  return answers.length === 0 ? null : JSON.stringify(answers);
}

async function answerOne(request: unknown, execute: Execute): Promise<object | null> {
  const { jsonrpc, method, params, id } = (
    typeof request === 'object' && request !== null ? request : {}
  ) as Readonly<Record<string, unknown>>;
  const isId = id === null || typeof id === 'string' || typeof id === 'number';
  const wrong =
    jsonrpc !== '2.0'
      ? 'needs "jsonrpc": "2.0"'
      : typeof method !== 'string'
        ? 'needs a method'
        : id !== undefined && !isId
          ? 'the id must be a string or a number'
          : params !== undefined && (typeof params !== 'object' || params === null)
            ? 'params must be an array or an object'
            : null;
  if (wrong !== null)
    return failed(isId ? id : null, { code: invalidRequest, message: 'Invalid Request', data: wrong });
  try {
    const result = await execute(method as string, params);
    return id === undefined ? null : { jsonrpc: '2.0', result: result ?? 'OK', id };
  } catch (error) {
    return id === undefined ? null : failed(id, rpcError(error));
  }
}

function rpcError(error: unknown): RpcError {
  if (error instanceof RpcFailure) return error.error;
  if (error instanceof CommandError) return { code: error.code, message: error.message };
  return { code: 500, message: messageOf(error) };
}
