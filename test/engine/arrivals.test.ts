/** Several processes read one socket, and pass each other's messages on. */
import { expect, it } from 'vitest';
import { Receiver } from '../../src/engine/index.ts';
import { SimulatedClock, sharedTime } from '../../src/timers/index.ts';
import { bytes, RecordingTransport, requestText, SOURCE } from '../sip/simulated.ts';
import { benchOf } from '../support/script-bench.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('handles messages handed over by another process before later ones', async () => {
  const bench = benchOf('loadmodule "signaling.so"\nloadmodule "sl.so"\nroute { send_reply(200, "OK"); }');
  const socket = new RecordingTransport(new SimulatedClock());
  const receiver = new Receiver(bench.routing, () => false);
  const of = (method: string) => bytes(requestText({ method }));
  const began = sharedTime();
  receiver.receive(of('OPTIONS'), SOURCE, socket);
  await turn(); // meanwhile the process hears what the other one read first
  receiver.receive(of('BYE'), SOURCE, socket, { at: began - 1, waited: 1 });
  receiver.receive(of('MESSAGE'), SOURCE, socket);
  await turn();
  await turn();
  const methods = socket.sent.map(({ text }) => /^CSeq: \d+ (\w+)/m.exec(text)?.[1]);
  expect(methods).toEqual(['BYE', 'OPTIONS', 'MESSAGE']);
});
