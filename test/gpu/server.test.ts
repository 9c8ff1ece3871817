import { createBokehPreview } from '../../src/effects/index.js';
import { isRelievoError } from '../../src/index.js';

test('where there is no page, importing is safe and asking for a preview is a typed error', async () => {
  expect(typeof (await import('../../src/gpu/index.js')).Device).toBe('function');
  const error = await createBokehPreview().catch((e: unknown) => e);
  expect(isRelievoError(error, 'BACKEND_UNAVAILABLE')).toBe(true);
});
