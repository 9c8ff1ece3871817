export const ROOT: string;
/** Path of an installed Chromium: CHROMIUM_PATH, or one of the usual names. */
export function findChromium(): string | undefined;
/** Path of an installed Firefox: FIREFOX_PATH, or one of the usual names. */
export function findFirefox(): string | undefined;
/** Path of the small browser that comes with WebKitGTK. */
export function findMiniBrowser(): string | undefined;
/** Path of a program that the shell would find. */
export function onPath(name: string): string | undefined;
export function setup(options?: { tests?: boolean }): void;
export function build(): void;
