import { jest } from '@jest/globals';
import { appendFileSync } from 'node:fs';
import { CHECKS, expectedOfNode, type Sites } from './engines/checks.js';
import { ENGINES, launch, missing, type Engine } from './engines/index.js';
import { publish } from './publish.js';

/** `npm run engines` asks for all of them, and for a line of each. */
const { ENGINES_REPORT: report } = process.env;

jest.setTimeout(300_000);

/** In `npm test` Chromium has all the other tests of pages. */
const wanted = ENGINES.filter((name) => report || name !== 'chromium');

const absent = wanted.filter(missing);
if (absent.length) console.warn(absent.map((name) => `Skipped: ${missing(name)}.`).join('\n'));

let sites: Sites;
beforeAll(async () => {
  const headers: Record<string, string> = {};
  const [expected, library, editor] = await Promise.all([
    expectedOfNode(),
    publish('test/browser/engines/page', headers),
    publish('demo'),
  ]);
  sites = { expected, library, headers, editor };
});
afterAll(async () => {
  await Promise.all([sites?.library.close(), sites?.editor.close()]);
});

describe.each(wanted)('%s', (name) => {
  const why = missing(name);
  if (why) return test.skip(`is not tested: ${why}`, () => {});

  let engine: Engine;
  beforeAll(async () => (engine = await launch(name)));
  afterAll(() => engine?.close());

  test.each(CHECKS.filter((c) => report || c.quick).map((c) => [c.name, c] as const))('%s', async (_, check) => {
    const tell = (said: string) =>
      report && appendFileSync(report, `${JSON.stringify([engine.version, check.name, said])}\n`);
    try {
      tell(await check.run(engine, sites, !!report));
    } catch (error) {
      tell('**fails**');
      throw error;
    } finally {
      engine.messages.splice(0);
    }
  });
});
