/** Renderers that need a page, each as (scene, frames) -> { pixels, ms per frame }. Driven by bench/bokeh-browser.mjs. */
import { drawBokehEffect } from '@tensorflow-models/body-segmentation';
import { DepthOfFieldEffect, EffectComposer, EffectPass, RenderPass } from 'postprocessing';
import * as three from 'three';
import { createBokehPreview } from '../../dist/effects/index.js';

const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

function toBase64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}

/** Runs frames one after the other; the first, which compiles shaders, is not counted. */
async function timed(frames, draw) {
  const ms = [];
  for (let i = 0; i <= frames; i++) {
    const start = performance.now();
    await draw();
    ms.push(performance.now() - start);
  }
  return ms.slice(1).sort((a, b) => a - b)[(frames - 1) >> 1];
}

let preview;
async function relievo({ image, depth, focus, aperture }, frames) {
  preview ??= await createBokehPreview();
  await preview.setPhoto(image, depth);
  const ms = await timed(frames, () => preview.render({ focus, aperture }));
  const { cost } = preview;
  return { pixels: (await preview.toImage({ focus, aperture })).data, ms, cost };
}

/** The real function, given the mask of what is in focus; sigma is half of the median radius outside of it. */
async function bodySegmentation({ image, depth, focus, aperture }, frames) {
  const { width, height } = image;
  const mask = new ImageData(width, height);
  const outside = [];
  depth.data.forEach((d, i) => {
    if (Math.abs(d - focus) < 0.1) mask.data[i * 4 + 3] = 255;
    else outside.push(aperture * Math.max(width, height) * Math.abs(d - focus));
  });
  outside.sort((a, b) => a - b);
  const sigma = Math.min(20, Math.round((outside[outside.length >> 1] ?? 0) / 2));
  const people = [{ maskValueToLabel: () => 'person', mask: { toImageData: async () => mask } }];
  const source = document.createElement('canvas');
  Object.assign(source, { width, height });
  source.getContext('2d').putImageData(new ImageData(image.data, width, height), 0, 0);
  const canvas = document.createElement('canvas');
  let pixels;
  const ms = await timed(frames, async () => {
    await drawBokehEffect(canvas, source, people, 0.5, sigma, 3, false);
    pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
  });
  return { pixels, ms };
}

/**
 * Its disc has a radius of bokehScale pixels times smoothstep(distance / focusRange): the depth is bent so that every
 * pixel's radius is what a thin lens gives.
 */
async function postprocessing({ image, depth, focus, aperture }, frames) {
  const { width, height } = image;
  const canvas = document.createElement('canvas');
  const renderer = new three.WebGLRenderer({ canvas, antialias: false, depth: false, preserveDrawingBuffer: true });
  renderer.setSize(width, height, false);
  const photo = new three.DataTexture(new Uint8Array(image.data), width, height, three.RGBAFormat);
  photo.colorSpace = three.SRGBColorSpace;
  photo.needsUpdate = true;
  const camera = new three.OrthographicCamera(-1e-4, 1e-4, 1e-4, -1e-4, 0, 10);
  const quad = new three.Mesh(
    new three.PlaneGeometry(2e-4, 2e-4),
    new three.MeshBasicMaterial({ map: photo, toneMapped: false }),
  );
  quad.position.z = -5;
  const scene = new three.Scene();
  scene.add(quad);

  const strength = aperture * Math.max(width, height);
  const largest = depth.data.reduce((r, d) => Math.max(r, strength * Math.abs(d - focus)), 1e-6);
  const inverseSmoothstep = (v) => 0.5 - Math.sin(Math.asin(1 - 2 * v) / 3);
  const far = Float32Array.from(depth.data, (d) => {
    const away = inverseSmoothstep((strength * Math.abs(d - focus)) / largest);
    return (5 - Math.sign(d - focus) * 4 * away) / 10;
  });
  const depthTexture = new three.DataTexture(far, width, height, three.RedFormat, three.FloatType);
  depthTexture.needsUpdate = true;

  const composer = new EffectComposer(renderer, { frameBufferType: three.HalfFloatType });
  const effect = new DepthOfFieldEffect(camera, { focusDistance: 5, focusRange: 4, bokehScale: largest });
  const pass = new EffectPass(camera, effect);
  composer.addPass(new RenderPass(scene, camera));
  composer.addPass(pass);
  composer.setSize(width, height, false);
  effect.setDepthTexture(depthTexture);
  const gl = renderer.getContext();
  const one = new Uint8Array(4);
  const ms = await timed(frames, () => {
    composer.render(0);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, one); // waits for the frame
  });
  // The photo's rows went in from the top, which WebGL takes for the bottom: they come out that way again.
  const pixels = new Uint8Array(width * height * 4);
  gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  composer.dispose();
  renderer.dispose();
  renderer.forceContextLoss();
  return { pixels, ms };
}

const METHODS = { relievo, bodySegmentation, postprocessing };

window.render = async (method, { width, height, pixels, disparities, ...settings }, frames) => {
  const image = { width, height, data: new Uint8ClampedArray(fromBase64(pixels).buffer) };
  const depth = { width, height, data: new Float32Array(fromBase64(disparities).buffer) };
  const result = await METHODS[method]({ image, depth, ...settings }, frames);
  return { ...result, pixels: toBase64(result.pixels) };
};
