import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { findMiniBrowser, onPath } from '../../../scripts/setup.mjs';
import { asExpression, type Held, type Launcher, type Place } from './engine.js';
import { openScreen } from './screen.js';

/** Keys that stand for no letter, as WebDriver writes them (https://www.w3.org/TR/webdriver/#keyboard-actions). */
const KEYS: Readonly<Record<string, string>> = {
  Shift: '\ue008',
  Control: '\ue009',
  Alt: '\ue00a',
  Meta: '\ue03d',
  Tab: '\ue004',
  Enter: '\ue007',
  Escape: '\ue00c',
  Home: '\ue011',
  End: '\ue010',
  ArrowLeft: '\ue012',
  ArrowUp: '\ue013',
  ArrowRight: '\ue014',
  ArrowDown: '\ue015',
};

/** By WebKitGTK's WebKitWebDriver: plain W3C WebDriver, and its MiniBrowser. */
export const webkit: Launcher = {
  missing: () =>
    findMiniBrowser() && onPath('WebKitWebDriver') && onPath('Xvfb')
      ? undefined
      : 'WebKit is not installed (apt-get install webkit2gtk-driver xvfb)',

  async launch(size) {
    const home = await mkdtemp(join(tmpdir(), 'relievo-webkit-'));
    const downloads = join(home, 'downloads');
    const config = join(home, 'config');
    await Promise.all([mkdir(downloads), mkdir(config)]);
    await writeFile(join(config, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
    const screen = await openScreen();
    const port = await freePort();
    const driver = spawn('WebKitWebDriver', [`--port=${port}`], {
      env: {
        ...process.env,
        DISPLAY: screen.display,
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        XDG_DATA_HOME: join(home, 'data'),
        XDG_CONFIG_HOME: config,
        GSETTINGS_BACKEND: 'memory',
        NO_AT_BRIDGE: '1',
        LIBGL_ALWAYS_SOFTWARE: '1',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const messages: string[] = [];
    // The console goes to standard output: "CONSOLE JS WARN …".
    createInterface({ input: driver.stdout }).on('line', (line) => {
      const [, text] = /^CONSOLE \S+ ((?:ERROR|WARN).*)$/.exec(line) ?? [];
      if (text) messages.push(text);
    });

    async function ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T> {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const { value } = (await response.json()) as { value: T & { error?: string; message?: string } };
      if (value?.error) throw new Error(`${value.error}: ${value.message}`);
      return value;
    }

    for (let tries = 0; ; tries++) {
      try {
        await ask('GET', '/status');
        break;
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(100);
      }
    }
    const { sessionId, capabilities } = await ask<{ sessionId: string; capabilities: { browserVersion: string } }>(
      'POST',
      '/session',
      {
        capabilities: {
          alwaysMatch: {
            'webkitgtk:browserOptions': {
              binary: findMiniBrowser(),
              args: ['--automation', '--enable-write-console-messages-to-stdout=true'],
            },
          },
        },
      },
    );
    const session = `/session/${sessionId}`;
    await ask('POST', `${session}/timeouts`, { script: 900_000, pageLoad: 120_000, implicit: 0 });
    const act = (type: string, actions: readonly object[], pointerType?: 'mouse' | 'touch') =>
      ask<void>('POST', `${session}/actions`, {
        actions: [{ type, id: pointerType ?? type, ...(pointerType && { parameters: { pointerType } }), actions }],
      });
    const move = ([x, y]: Place, duration = 0) => ({
      type: 'pointerMove',
      duration,
      x: Math.round(x),
      y: Math.round(y),
    });
    const [down, up] = [
      { type: 'pointerDown', button: 0 },
      { type: 'pointerUp', button: 0 },
    ];

    async function evaluate<A extends readonly unknown[], R>(work: (...args: A) => R | Promise<R>, ...args: A) {
      const script = `
        const done = arguments[0];
        Promise.resolve().then(() => ${asExpression(work, args)}).then(
          (value) => done(JSON.stringify({ value })),
          (error) => done(JSON.stringify({ error: error instanceof Error ? error.name + ': ' + error.message : String(error) })),
        );`;
      const found = JSON.parse(await ask<string>('POST', `${session}/execute/async`, { script, args: [] })) as {
        value?: R;
        error?: string;
      };
      if (found.error !== undefined) throw new Error(found.error);
      return found.value as R;
    }

    // The window has bars besides the page.
    for (const extra of [0, 1]) {
      const inner = extra ? await evaluate(() => [innerWidth, innerHeight]) : [size.width, size.height];
      const rect = await ask<{ width: number; height: number }>('GET', `${session}/window/rect`);
      const [w, h] = extra ? [rect.width - inner[0]!, rect.height - inner[1]!] : [0, 0];
      await ask('POST', `${session}/window/rect`, { width: size.width + w, height: size.height + h });
    }

    return {
      name: 'webkit',
      version: `WebKitGTK ${capabilities.browserVersion}`,
      messages,
      downloads,
      open: (address) => ask('POST', `${session}/url`, { url: address }),
      evaluate,
      click: (at) => act('pointer', [move(at), down, up], 'mouse'),
      tap: (at) => act('pointer', [move(at), down, up], 'touch'),
      drag: ([from, ...way]) => act('pointer', [move(from!), down, ...way.map((at) => move(at, 60)), up], 'mouse'),
      key(name: string, held: readonly Held[] = []) {
        const press = (type: 'keyDown' | 'keyUp') => (k: string) => ({ type, value: KEYS[k] ?? k });
        const all = [...held, name];
        return act('key', [...all.map(press('keyDown')), ...all.reverse().map(press('keyUp'))]);
      },
      async upload(selector, ...files) {
        const found = await ask<Record<string, string>>('POST', `${session}/element`, {
          using: 'css selector',
          value: selector,
        });
        await ask('POST', `${session}/element/${Object.values(found)[0]}/value`, { text: files.join('\n') });
      },
      screenshot: async () => Buffer.from(await ask<string>('GET', `${session}/screenshot`), 'base64'),
      async close() {
        await ask('DELETE', session).catch(() => {}); // a browser that crashed is gone already
        driver.kill();
        screen.close();
        // Its network process writes for a moment longer.
        await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      },
    };
  },
};

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
