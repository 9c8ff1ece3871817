import { part, type TaskOptions } from '../core/task.js';
import type { DepthMap } from '../depth/depth-map.js';
import { faceDisparities } from '../depth/face-depth.js';
import type { Face } from '../image/face.js';
import type { ImageDataLike, OutputImage } from '../image/image-data.js';
import { matchMatte, type Matte } from '../image/matte.js';
import type { ParallaxFramesOptions } from './parallax.js';
import { seenAt, ViewScene, type Camera, type View } from './view-scene.js';

/** A dolly of amount 0.03 goes a third of the way to the nearest thing: as strong as a wiggle of 0.03 looks. */
const DOLLY = 10;

/** Share of a film's time that its scene takes. */
const SCENE = 0.2;

/**
 * What `applyParallax` does once its options are read.
 *
 * @param map of the image's size.
 * @param given enlargement; undefined: as little as the move needs.
 */
export async function viewFrom(
  image: ImageDataLike,
  map: DepthMap,
  camera: Camera,
  given: number | undefined,
  about: { readonly matte?: Matte | undefined; readonly faces?: readonly Face[] | undefined },
  task: TaskOptions,
): Promise<View> {
  const crop = given ?? leastCrop([camera], image);
  const matte = about.matte && (await matchMatte('parallax', about.matte, image, { signal: task.signal }));
  const scene = await ViewScene.open(image, map, reachOf([camera], image), { ...part(task, 0, 0.6), matte });
  const view = await scene.render({ ...camera, crop }, part(task, 0.6, 1));
  if (!about.faces) return view;
  return { ...view, faces: about.faces.map((face) => movedFace(face, map, { ...camera, crop })) };
}

/** A face where another camera sees it, all of it at its median disparity. */
function movedFace(face: Face, map: DepthMap, camera: Camera): Face {
  const { median } = faceDisparities(map, face);
  const { x, y, width, height } = face.box;
  const start = seenAt({ x, y }, median, camera, map);
  const end = seenAt({ x: x + width, y: y + height }, median, camera, map);
  return {
    ...face,
    box: { ...start, width: end.x - start.x, height: end.y - start.y },
    points: face.points.map((p) => seenAt(p, median, camera, map)),
  };
}

/** What `parallaxFrames` does once its options are read. */
export async function* viewsAlong(
  image: ImageDataLike,
  map: DepthMap,
  move: {
    readonly motion: NonNullable<ParallaxFramesOptions['motion']>;
    readonly amount: number;
    readonly frames: number;
    readonly pivot: number;
    readonly matte: Matte | undefined;
  },
  task: TaskOptions,
): AsyncGenerator<OutputImage, void, undefined> {
  const { motion, amount, frames, pivot, matte: given } = move;
  const cameras = Array.from({ length: frames }, (_, k): Camera => {
    const turn = (2 * Math.PI * k) / frames;
    const place = { x: 0, y: 0, z: 0, pivot, crop: 1 };
    if (motion === 'wiggle') return { ...place, x: amount * Math.sin(turn) };
    if (motion === 'orbit') return { ...place, x: amount * Math.sin(turn), y: amount * Math.cos(turn) };
    return { ...place, z: (DOLLY * amount * (1 - Math.cos(turn))) / 2 };
  });
  const crop = leastCrop(cameras, image);
  const matte = given && (await matchMatte('parallax', given, image, { signal: task.signal }));
  const scene = await ViewScene.open(image, map, reachOf(cameras, image), { ...part(task, 0, SCENE), matte });
  for (const [k, camera] of cameras.entries()) {
    const share = (v: number) => SCENE + ((1 - SCENE) * (k + v)) / frames;
    yield (await scene.render({ ...camera, crop }, part(task, share(0), share(1)))).image;
  }
}

/** How far in pixels two things at most move against each other. */
export function reachOf(cameras: readonly Camera[], { width, height }: { width: number; height: number }): number {
  const side = Math.max(width, height);
  return Math.max(
    ...cameras.map(
      ({ x, y, z, pivot }) =>
        Math.hypot(x, y) * side + ((Math.hypot(width, height) / 2) * Math.abs(z)) / (1 - z * pivot),
    ),
  );
}

/** The least enlargement with which no camera sees beyond the border, whatever the depth there. */
export function leastCrop(cameras: readonly Camera[], { width, height }: { width: number; height: number }): number {
  const side = Math.max(width, height);
  let crop = 1;
  for (const { x, y, z, pivot } of cameras) {
    for (const d of [0, 1]) {
      const scale = (1 - z * d) / (1 - z * pivot);
      const room = Math.min(
        1 - (2 * Math.abs(x * (d - pivot)) * side) / width,
        1 - (2 * Math.abs(y * (d - pivot)) * side) / height,
      );
      crop = Math.max(crop, scale / Math.max(0.3, room));
    }
  }
  return crop;
}
