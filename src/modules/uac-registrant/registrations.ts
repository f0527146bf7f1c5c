/**
 * The registrations of a server, which its first process keeps up. They outlive a reload, which begins new ones and ends
 * those that are gone.
 */
import { dirname, resolve } from 'node:path';
import { type Host, type Routing, type RunRouting, StateKey } from '../../runtime/index.ts';
import { readTextTable } from '../db-text.ts';
import { raiseState } from './events.ts';
import { parameters } from './parameters.ts';
import { keyOf, type Registrant, type RegistrantKey, readRegistrant, registrantOf } from './registrant.ts';
import { Registration, type RegistrationUser } from './registration.ts';

/** Those of parameters and of the table. Rows that cannot be read are left out, with a warning. */
export function configured(routing: Routing): readonly Registrant[] {
  const values = routing.parameters(parameters);
  const written = values.registrant.map(readRegistrant);
  if (values.db_url === null) return written;
  const folder = resolve(dirname(routing.place(0)), values.db_url.replace(/^text:\/\//, ''));
  const rows = readTextTable(folder, values.table_name).flatMap((row): readonly Registrant[] => {
    const field = (column: string) => row.get(column) ?? null;
    const one = registrantOf({
      aor: field(values.aor_column),
      contact: field(values.binding_URI_column),
      registrar: field(values.registrar_column),
      proxy: field(values.proxy_column),
      third_party: field(values.third_party_registrant_column),
      username: field(values.username_column),
      password: field(values.password_column),
      params: field(values.binding_params_column),
      expiry: field(values.expiry_column),
      socket: field(values.forced_socket_column),
      state: field(values.state_column),
    });
    if (typeof one !== 'string') return [one];
    routing.log.warning(`uac_registrant: left out a row of ${values.table_name}: ${one}`);
    return [];
  });
  return [...written, ...rows];
}

export class Registrations implements RegistrationUser {
  readonly #all = new Map<string, Registration>();
  /** Those that a command has added, which a reload keeps. */
  readonly #added = new Set<string>();
  #routing: RunRouting | null = null;

  /** The policy in force. */
  get routing(): RunRouting {
    if (this.#routing === null) throw new Error('no policy with registrations is in force');
    return this.#routing;
  }

  get all(): Iterable<Registration> {
    return this.#all.values();
  }

  find(key: RegistrantKey): Registration | null {
    return this.#all.get(keyOf(key)) ?? null;
  }

  changed(registration: Registration): void {
    raiseState(this.routing, registration);
  }

  /** Serves this policy from now on, with what it configures. */
  serve(routing: RunRouting): void {
    this.#routing = routing;
    this.load(configured(routing));
  }

  /** Whether this policy is in force. */
  isServedBy(routing: RunRouting): boolean {
    return this.#routing === routing;
  }

  /** Begins registrations that are new or different, and takes back those that are gone. */
  load(wanted: readonly Registrant[]): void {
    const keys = new Set(wanted.map(keyOf));
    for (const [key, registration] of this.#all)
      if (!keys.has(key) && !this.#added.has(key)) {
        this.#all.delete(key);
        void registration.unregister();
      }
    for (const one of wanted) this.#set(one);
  }

  #set(one: Registrant): void {
    const known = this.#all.get(keyOf(one));
    if (known !== undefined && JSON.stringify(known.registrant) === JSON.stringify(one)) return;
    const registration = known ?? new Registration(this, one);
    registration.registrant = one;
    this.#all.set(keyOf(one), registration);
    if (one.isEnabled) registration.register();
    else void registration.unregister();
  }

  /** Adds or changes one, until it is deleted or the server ends. */
  upsert(one: Registrant): void {
    this.#added.add(keyOf(one));
    this.#set(one);
  }

  delete(registration: Registration): void {
    const key = keyOf(registration.registrant);
    this.#added.delete(key);
    this.#all.delete(key);
    void registration.unregister();
  }

  /** Ends without taking them back: the next server renews them. */
  stop(): void {
    for (const registration of this.#all.values()) registration.stop();
    this.#all.clear();
  }
}

export const registrations = new StateKey<Host, Registrations>('registrations', () => new Registrations());
