import { createWorker } from '../../src/worker/index.js';
import { rejection } from '../helpers/photos.js';

test('a worker in Node is refused with what to do instead', async () => {
  expect(await rejection(createWorker())).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    message: expect.stringContaining('directly'),
  });
});
