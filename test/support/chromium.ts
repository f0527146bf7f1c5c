/** Debian's Chromium without a window, driven by the DevTools protocol over a pipe. */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandPath } from './commands.ts';
import { temporaryFolder } from './temporary.ts';
import { LONGEST_WAIT } from './until.ts';

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly dark?: boolean;
}

export class Chromium {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, (message: Message) => void>();
  /** What the page logged, and what its policy refused. */
  readonly complaints: string[] = [];
  /** The URLs of all requests. */
  readonly requests: string[] = [];
  #session: string | undefined;
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    let text = '';
    (child.stdio[4] as Readable).setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const messages = text.split('\0');
      text = messages.pop() ?? '';
      for (const message of messages) this.#receive(JSON.parse(message) as Message);
    });
  }

  /** @param flags further ones of its command line */
  static async open(url: string, view: View, flags: readonly string[] = []): Promise<Chromium> {
    const child = spawn(
      commandPath('chromium'),
      [
        ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        ...['--remote-debugging-pipe', `--user-data-dir=${temporaryFolder('chromium')}`, '--no-first-run'],
        ...flags,
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    );
    const browser = new Chromium(child);
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(sessionId);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await browser.send(`${domain}.enable`);
    await browser.show(view);
    await browser.send('Page.navigate', { url });
    return browser;
  }

  /** Changes size and colours. */
  async show({ width, height, dark = false }: View): Promise<void> {
    const mobile = width < 600;
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile });
    await this.send('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }],
    });
  }

  /** The value of an expression in the page. */
  async read(expression: string): Promise<unknown> {
    const { result } = await this.send('Runtime.evaluate', { expression, returnByValue: true });
    return (result as { readonly value?: unknown }).value;
  }

  /** Waits until the text of an element matches, and returns it. */
  async sees(selector: string, text: RegExp): Promise<string> {
    const end = Date.now() + 2 * LONGEST_WAIT;
    let seen = '';
    while (Date.now() < end) {
      seen = String(await this.read(`document.querySelector(${JSON.stringify(selector)})?.innerText`));
      if (text.test(seen)) return seen;
      await sleep(100);
    }
    throw new Error(`${selector} does not show ${text}, but: ${seen}`);
  }

  /** Clicks what the selector finds. */
  async click(selector: string): Promise<void> {
    await this.read(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  async press(key: 'Tab' | 'Enter'): Promise<void> {
    const enter = key === 'Enter' ? { code: key, text: '\r', windowsVirtualKeyCode: 13 } : {};
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', key, ...enter });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key });
  }

  /** A PNG of the whole page. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(String(data), 'base64');
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  async send(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId;
    const sessionId = method.startsWith('Target.') ? undefined : this.#session;
    const answer = new Promise<Message>((resolve) => this.#pending.set(id, resolve));
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  #receive(message: Message): void {
    if (message.id !== undefined) {
      this.#pending.get(message.id)?.(message);
      this.#pending.delete(message.id);
    } else if (message.method === 'Network.requestWillBeSent')
      this.requests.push((message.params as { request: { url: string } }).request.url);
    else if (message.method === 'Log.entryAdded' || message.method === 'Runtime.exceptionThrown')
      this.complaints.push(JSON.stringify(message.params));
  }
}
