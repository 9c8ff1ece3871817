import {
  BufferAttribute,
  BufferGeometry,
  DoubleSide,
  EdgesGeometry,
  LineBasicMaterial,
  LineSegments,
  Mesh,
  MeshBasicMaterial,
  PerspectiveCamera,
  PlaneGeometry,
  Points,
  PointsMaterial,
  Scene,
  SRGBColorSpace,
  Texture,
  WebGLRenderer,
} from 'three';
import { OrbitControls } from 'three/examples/jsm/controls/OrbitControls.js';
import type { MeshArrays } from './renderer.js';

/** As in `toMesh`: distance of the farthest thing over the nearest. */
const DEPTH = 4;
/** What the camera turns about: somewhat behind the nearest thing. */
const PIVOT = 1.4;
/** How far the pointer or the device moves the camera, in distances of the nearest thing. */
const REACH = 0.22;

export interface ReliefView {
  /** @param disparity of the focal plane. */
  setPlane(disparity: number): void;
  setMode(mode: 'surface' | 'points'): void;
  /** The camera follows the pointer or the device. */
  setTilt(on: boolean): void;
  dispose(): void;
}

export function createRelief(host: HTMLElement, { positions, uvs, indices, texture: bitmap }: MeshArrays): ReliefView {
  const renderer = new WebGLRenderer({ antialias: true, alpha: true, powerPreference: 'low-power' });
  const canvas = renderer.domElement;
  canvas.tabIndex = -1;
  host.replaceChildren(canvas);

  const texture = new Texture(bitmap);
  texture.colorSpace = SRGBColorSpace;
  texture.flipY = false; // the mesh counts v from the top
  texture.anisotropy = 4;
  texture.needsUpdate = true;
  const geometry = new BufferGeometry();
  geometry.setAttribute('position', new BufferAttribute(positions, 3));
  geometry.setAttribute('uv', new BufferAttribute(uvs, 2));
  geometry.setIndex(new BufferAttribute(indices, 1));
  const surface = new Mesh(geometry, new MeshBasicMaterial({ map: texture, side: DoubleSide }));
  const cloud = new Points(geometry, new PointsMaterial({ map: texture, size: 0.005 }));
  const pane = new PlaneGeometry(1, 1);
  const light = { color: 0xffb060, transparent: true, depthWrite: false };
  const plane = new Mesh(pane, new MeshBasicMaterial({ ...light, opacity: 0.12, side: DoubleSide }));
  plane.add(new LineSegments(new EdgesGeometry(pane), new LineBasicMaterial({ ...light, opacity: 0.9 })));
  const scene = new Scene();
  scene.add(surface, cloud, plane);

  const aspectOfPhoto = bitmap.width / bitmap.height;
  const [halfX, halfY] = aspectOfPhoto >= 1 ? [0.5, 0.5 / aspectOfPhoto] : [0.5 * aspectOfPhoto, 0.5];
  const camera = new PerspectiveCamera(45, 1, 0.05, 60);
  const controls = new OrbitControls(camera, canvas);
  controls.target.set(0, 0, -PIVOT);
  controls.enableDamping = !matchMedia('(prefers-reduced-motion: reduce)').matches;
  controls.minDistance = 0.2;
  controls.maxDistance = 8;

  let wanted = 0;
  const draw = () => {
    wanted = 0;
    if (controls.update()) ask();
    renderer.render(scene, camera);
  };
  const ask = () => (wanted ||= requestAnimationFrame(draw));
  controls.addEventListener('change', ask);

  const resize = () => {
    const { clientWidth: w, clientHeight: h } = host;
    if (!w || !h) return;
    renderer.setPixelRatio(Math.min(2, devicePixelRatio));
    renderer.setSize(w, h, false);
    camera.aspect = w / h;
    // At the origin the photo fills its frustum; the whole of it fits the host.
    const half = Math.max(halfY, halfX / camera.aspect) * 1.04;
    camera.fov = (2 * Math.atan(half) * 180) / Math.PI;
    camera.updateProjectionMatrix();
    ask();
  };
  const observer = new ResizeObserver(resize);
  observer.observe(host);
  resize();

  const look = (x: number, y: number) => {
    camera.position.set(x * REACH, y * REACH, 0);
    ask();
  };
  const onPointer = (e: PointerEvent) => {
    const box = host.getBoundingClientRect();
    look(((e.clientX - box.left) / box.width) * 2 - 1, 1 - ((e.clientY - box.top) / box.height) * 2);
  };
  const onTilt = (e: DeviceOrientationEvent) => {
    if (e.gamma === null || e.beta === null) return;
    const limit = (v: number) => Math.min(1, Math.max(-1, v));
    look(limit(e.gamma / 25), limit((45 - e.beta) / 25));
  };
  const unfollow = () => {
    host.removeEventListener('pointermove', onPointer);
    removeEventListener('deviceorientation', onTilt);
  };

  return {
    setPlane(disparity) {
      const z = 1 / (1 / DEPTH + disparity * (1 - 1 / DEPTH));
      plane.position.z = -z;
      plane.scale.set(2 * halfX * z, 2 * halfY * z, 1);
      ask();
    },
    setMode(mode) {
      surface.visible = mode === 'surface';
      cloud.visible = mode === 'points';
      ask();
    },
    setTilt(on) {
      unfollow();
      controls.enabled = !on;
      if (!on) {
        // A first look from the side: otherwise it is only the photo.
        camera.position.set(0.24, 0.07, 0.08);
        ask();
        return;
      }
      look(0, 0);
      host.addEventListener('pointermove', onPointer);
      const ios = DeviceOrientationEvent as unknown as { requestPermission?: () => Promise<string> };
      void ios.requestPermission?.().catch(() => {});
      addEventListener('deviceorientation', onTilt);
    },
    dispose() {
      unfollow();
      cancelAnimationFrame(wanted);
      observer.disconnect();
      controls.dispose();
      geometry.dispose();
      texture.dispose();
      bitmap.close();
      renderer.dispose();
      renderer.forceContextLoss();
      canvas.remove();
    },
  };
}
