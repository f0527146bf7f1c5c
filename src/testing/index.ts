/** The test kit: a server on a simulated network, with simulated services and a simulated clock. */
export type { PolicyOptions, ScriptText, TestedPolicy } from './load-policy.ts';
export type { LogLine } from './log-lines.ts';
export type { NameRecords, SimulatedNames, SimulatedService } from './names.ts';
export type { Place, SimulatedProtocol } from './network.ts';
export type { InviteOptions, Phone } from './phone.ts';
export type { PhoneAnswers, PhoneReply, PhoneResponder } from './phone-answers.ts';
export type { OutgoingCall, OutgoingRequest, RequestParts } from './phone-call.ts';
export type {
  Delivery,
  NoResponse,
  RawResponse,
  ServiceAnswer,
  ServiceRequest,
  ServiceResponder,
  ServiceResponse,
} from './service-answers.ts';
export type {
  NoConnection,
  Service,
  ServiceBehaviour,
  ServiceOptions,
  ServiceRoutes,
  Services,
} from './services.ts';
export { type SimulateOptions, simulate } from './simulate.ts';
export type { Simulation } from './simulation.ts';
export { SimulationError } from './simulation-error.ts';
export type { PhoneSettings, SimulationOptions } from './simulation-options.ts';
export type { TestClock } from './test-clock.ts';
export type { FlowPattern, Trace, TraceEntry } from './trace.ts';
export type { Datagram, Weather } from './weather.ts';
