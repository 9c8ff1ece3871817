import {
  createElement,
  forwardRef,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type DetailedHTMLProps,
  type HTMLAttributes,
  type Ref,
} from 'react';
import type { DepthMap } from '../depth/depth-map.js';
import '../element/index.js';
import type { RelievoPhoto as Element, RelievoPhotoAttributes } from '../element/relievo-photo.js';
import { keyOf, relievoOf, type RelievoOptions } from './shared.js';

/** What the tag `<relievo-photo>` takes in JSX. */
type RelievoPhotoTag = DetailedHTMLProps<HTMLAttributes<Element>, Element> &
  RelievoPhotoAttributes & { class?: string | undefined };

declare module 'react' {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- so React's types say it
  namespace JSX {
    interface IntrinsicElements {
      'relievo-photo': RelievoPhotoTag;
    }
  }
}

export interface RelievoPhotoProps extends Omit<
  HTMLAttributes<HTMLElement>,
  'onError' | 'children' | 'dangerouslySetInnerHTML'
> {
  /** The photo: its address, or a file. Nothing is shown without. */
  src: string | Blob | null | undefined;
  /** Address of its depth, a grey picture, white = near; without it the network estimates it. */
  depth?: string | undefined;
  /**
   * What is sharp at first, and whenever this changes: `'subject'`, a disparity 0..1, or `'x,y'` in shares of width and
   * height. Default: `'subject'`.
   */
  focus?: number | string | undefined;
  /** Radius of the blur at a disparity difference of 1, share of the long side, 0..0.2. Default: 0.03. */
  aperture?: number | undefined;
  /** What the picture shows, for people who do not see it. Default: ''. */
  alt?: string | undefined;
  /** How the networks are loaded, as of `useRelievo`. Default: as its default. */
  relievo?: RelievoOptions | undefined;
  /** The depth is there: the focus follows a tap from now on. Default: nobody is told. */
  onReady?: ((depth: DepthMap) => void) | undefined;
  /** A person moved the focus; gets the disparity of the focal plane. Default: nobody is told. */
  onFocusChange?: ((disparity: number) => void) | undefined;
  /** Something failed; the plain photo stays. Default: nobody is told. */
  onError?: ((error: Error) => void) | undefined;
}

/** A server has no layout; which of the two it is never changes while a page lives. */
function useBrowserLayoutEffect(...of: Parameters<typeof useLayoutEffect>): void {
  (typeof document === 'undefined' ? useEffect : useLayoutEffect)(...of);
}

/**
 * A photo whose focus follows a tap: `<relievo-photo>` as a component. The depth comes from the worker that all
 * components share. A server renders the plain photo.
 *
 * ```tsx
 * <RelievoPhoto src={file} alt="Ada" onFocusChange={setPlane} />
 * ```
 *
 * `ref` is the element.
 */
export const RelievoPhoto = forwardRef<Element, RelievoPhotoProps>(function RelievoPhoto(
  { src, relievo, onReady, onFocusChange, onError, className, alt = '', ...rest },
  ref,
) {
  const own = useRef<Element | null>(null);
  const address = useAddress(src);
  const key = keyOf(relievo ?? {});
  const handlers = useRef({ onReady, onFocusChange, onError });
  useBrowserLayoutEffect(() => {
    handlers.current = { onReady, onFocusChange, onError };
  });
  // Before the element has read its photo: it asks for the depth after that.
  useBrowserLayoutEffect(() => {
    const element = own.current;
    if (!element) return;
    element.estimator = async (image, { signal }) =>
      (await relievoOf(key).hold(signal)).estimateDepth(image, { signal });
    const listeners: Record<string, (event: Event) => void> = {
      'relievo-ready': () => element.depthMap && handlers.current.onReady?.(element.depthMap),
      'relievo-focus': (e) => handlers.current.onFocusChange?.((e as CustomEvent<number>).detail),
      'relievo-error': (e) => handlers.current.onError?.((e as CustomEvent<Error>).detail),
    };
    for (const [name, listener] of Object.entries(listeners)) element.addEventListener(name, listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) element.removeEventListener(name, listener);
    };
  }, [key]);
  const both = useCallback(
    (element: Element | null) => {
      own.current = element;
      return give(ref, element);
    },
    [ref],
  );
  return createElement(
    'relievo-photo',
    // React 18 knows no `className` of a custom element.
    { ...rest, ref: both, class: className, src: address, alt },
    // Seen until the element is there: on a page without scripts for good.
    address && createElement('img', { src: address, alt, style: PLAIN }),
  );
});

const PLAIN = { display: 'block', width: '100%', height: 'auto' } as const;

function give(ref: Ref<Element>, element: Element | null): void {
  if (typeof ref === 'function') ref(element);
  else if (ref) ref.current = element;
}

/** A file has an address while it is shown. */
function useAddress(src: string | Blob | null | undefined): string | undefined {
  const [made, setMade] = useState<{ readonly of: Blob; readonly address: string }>();
  useEffect(() => {
    if (!(src instanceof Blob)) return;
    const address = URL.createObjectURL(src);
    setMade({ of: src, address });
    return () => URL.revokeObjectURL(address);
  }, [src]);
  if (typeof src === 'string') return src || undefined;
  return src && made?.of === src ? made.address : undefined;
}
