// Test tools without types of their own; three's come with a physics engine and more.
declare module 'gltf-validator' {
  export function validateBytes(
    bytes: Uint8Array,
  ): Promise<{ issues: { numErrors: number; numWarnings: number; messages: unknown[] } }>;
}
declare module 'three/examples/jsm/loaders/GLTFLoader.js' {
  export class GLTFLoader {
    parseAsync(data: ArrayBuffer, path: string): Promise<{ scene: { children: readonly unknown[] } }>;
  }
}
declare module 'three/examples/jsm/loaders/PLYLoader.js' {
  export class PLYLoader {
    parse(data: ArrayBuffer): {
      getAttribute(name: string): { count: number; getX(i: number): number; getZ(i: number): number };
    };
  }
}
