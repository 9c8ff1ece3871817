import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { renderer, report } from '../session.js';
import * as store from '../store.js';
import { TEXTS } from '../texts.js';
import type { ReliefView } from '../render/relief.js';

export const reliefMode = signal<'surface' | 'points'>('surface');
export const tilt = signal(false);
const VERTICES = 360;

/** The picture in space. three.js comes when it is first asked for. */
export function Relief() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let view: ReliefView | undefined;
    let gone = false;
    const stops: (() => void)[] = [];
    const build = new AbortController();
    void (async () => {
      try {
        store.rendering.value = true;
        const [{ createRelief }, mesh] = await Promise.all([
          import('../render/relief.js'),
          renderer.mesh(store.recipe.value, VERTICES, { signal: build.signal }),
        ]);
        if (gone) return;
        view = createRelief(host.current!, mesh);
        stops.push(
          effect(() => view!.setPlane(store.focalPlane.value)),
          effect(() => view!.setMode(reliefMode.value)),
          effect(() => view!.setTilt(tilt.value)),
        );
      } catch (error) {
        if (gone) return;
        if (/webgl/i.test((error as Error).message)) store.problem.value = TEXTS.noRelief;
        else report(error);
      } finally {
        store.rendering.value = false;
      }
    })();
    return () => {
      gone = true;
      build.abort();
      stops.forEach((stop) => stop());
      view?.dispose();
    };
    // Anew when the edit changes; the focal plane moves by itself.
  }, [store.now.value]);
  return <div id="relief" ref={host} />;
}
