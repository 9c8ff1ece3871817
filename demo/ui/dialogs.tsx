import { useEffect, useRef, useState } from 'preact/hooks';
import { open } from '../session.js';
import * as store from '../store.js';
import { TEXTS } from '../texts.js';

/** Opens when it gets the event `ask`. */
export function Camera() {
  const dialog = useRef<HTMLDialogElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [stream, setStream] = useState<MediaStream | undefined>(undefined);

  useEffect(() => {
    const ask = async () => {
      try {
        // A page without https has no camera to ask for.
        if (!navigator.mediaDevices) throw new DOMException('', 'NotFoundError');
        const found = await navigator.mediaDevices.getUserMedia({
          video: { facingMode: 'user', width: { ideal: 1920 }, height: { ideal: 1080 } },
        });
        setStream(found);
        dialog.current!.showModal();
      } catch (error) {
        const refused = error instanceof DOMException && /NotAllowed|Security/.test(error.name);
        store.problem.value = refused ? TEXTS.cameraRefused : TEXTS.noCamera;
      }
    };
    const el = dialog.current!;
    const listener = () => void ask();
    el.addEventListener('ask', listener);
    return () => el.removeEventListener('ask', listener);
  }, []);

  useEffect(() => {
    if (video.current) video.current.srcObject = stream ?? null;
    return () => stream?.getTracks().forEach((t) => t.stop());
  }, [stream]);

  const take = async () => {
    const { videoWidth: width, videoHeight: height } = video.current!;
    if (!width) return;
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    canvas.getContext('2d')!.drawImage(video.current!, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.95));
    dialog.current!.close();
    if (blob) void open(new File([blob], TEXTS.cameraName, { type: blob.type }));
  };

  return (
    <dialog id="camera" ref={dialog} aria-label={TEXTS.camera} onClose={() => setStream(undefined)}>
      <video ref={video} autoPlay muted playsInline aria-label={TEXTS.camera} />
      <div class="buttons">
        <button type="button" class="primary" onClick={() => void take()}>
          {TEXTS.takePhoto}
        </button>
        <button type="button" class="quiet" onClick={() => dialog.current!.close()}>
          {TEXTS.cancel}
        </button>
      </div>
    </dialog>
  );
}

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <dialog id="help" ref={dialog} aria-label={TEXTS.help}>
      <h2>{TEXTS.help}</h2>
      <dl>
        {TEXTS.shortcuts.map(([keys, what]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" class="quiet" onClick={() => dialog.current!.close()}>
        {TEXTS.close}
      </button>
    </dialog>
  );
}
