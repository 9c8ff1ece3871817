import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { checkHead, checkManifest, type BackboneManifest, type HeadManifest } from '../../src/hydra/manifest.js';
import { networkSize } from '../../src/hydra/hydra.js';
import { ROOT } from '../helpers/photos.js';

const read = (id: string) => JSON.parse(readFileSync(`${ROOT}models/${id}/module.json`, 'utf8'));
const backbone = (change = {}) => ({ ...read('relievo-backbone'), ...change }) as BackboneManifest;
const head = (change = {}) => ({ ...read('relievo-depth'), ...change }) as HeadManifest;

test('the shipped modules fit each other', () => {
  expect(checkHead(checkManifest(head()) as HeadManifest, checkManifest(backbone()) as BackboneManifest).id).toBe(
    'relievo-backbone',
  );
});

test.each([
  ['id with a path', { id: '../x' }, 'id'],
  ['shard outside the folder', { sha256: { '../../etc/passwd': 'a'.repeat(64) } }, 'file name'],
  ['shard with a scheme', { sha256: { 'https://x/y': 'a'.repeat(64) } }, 'file name'],
  ['hash that is none', { sha256: { 'model.json': 'zz' } }, 'sha256'],
  ['model that is not hashed', { model: 'other.json' }, 'model'],
  ['endless size', { bytes: 1e15 }, 'bytes'],
  ['no version', { version: 'latest' }, 'version'],
  ['unknown kind', { kind: 'tail' }, 'kind'],
  ['huge input', { preprocess: { mean: [0, 0, 0], std: [1, 1, 1], multipleOf: 32, area: 1e12 } }, 'area'],
  ['std of zero', { preprocess: { mean: [0, 0, 0], std: [1, 0, 1], multipleOf: 32, area: 65536 } }, 'std'],
])('refuses a backbone with %s', (_, change, word) => {
  expect(() => checkManifest(backbone(change))).toThrow(
    expect.objectContaining({ code: 'MODEL_CONTRACT', message: expect.stringContaining(word) }),
  );
});

test.each([
  ['a missing backbone', undefined, {}, 'not registered'],
  ['a newer major', backbone({ version: '9.0.0' }), {}, '9.0.0'],
  [
    'a tap nobody provides',
    backbone(),
    { requires: { ...head().requires, taps: [{ tap: 's64', stride: 64, channels: 8 }] }, inputs: { s64: 'x' } },
    "'s64'",
  ],
])('refuses a head with %s', (_, b, change, word) => {
  expect(() => checkHead(head(change), b)).toThrow(
    expect.objectContaining({ code: 'MODEL_CONTRACT', message: expect.stringContaining(word) }),
  );
});

test('a caret range reads as npm reads it', () => {
  const fits = (version: string, range: string) => {
    try {
      checkHead(
        head({ requires: { ...head().requires, module: `relievo-backbone@^${range}` } }),
        backbone({ version }),
      );
      return true;
    } catch {
      return false;
    }
  };
  expect([fits('1.4.0', '1.2'), fits('1.1.9', '1.2'), fits('2.0.0', '1.2'), fits('1.2.0', '1')]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect([fits('0.1.5', '0.1.2'), fits('0.2.0', '0.1.2'), fits('0.0.3', '0.0.3'), fits('0.0.4', '0.0.3')]).toEqual([
    true,
    false,
    true,
    false,
  ]);
});

test('any JSON is either a manifest or refused by a typed error', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.constantFrom('id', 'sha256', 'preprocess', 'provides', 'outputs', 'model', 'bytes'),
      (value, key) => {
        for (const candidate of [value, { ...read('relievo-backbone'), [key]: value }]) {
          try {
            checkManifest(candidate);
          } catch (error) {
            expect(error).toMatchObject({ name: 'RelievoError', code: 'MODEL_CONTRACT' });
          }
        }
      },
    ),
  );
});

test('the network size keeps the aspect, the multiple and the area', () => {
  const p = { area: 65536, multipleOf: 32 };
  expect(networkSize(4000, 3000, p)).toEqual({ width: 288, height: 224 });
  expect(networkSize(512, 512, p)).toEqual({ width: 256, height: 256 });
  expect(networkSize(1, 1, p)).toEqual({ width: 256, height: 256 });
  expect(networkSize(20000, 10, p)).toEqual({ width: 1024, height: 32 });
});
