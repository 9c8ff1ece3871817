export const ROOT: string;
/** Path of an installed Chromium: CHROMIUM_PATH, or one of the usual names. */
export function findChromium(): string | undefined;
export function setup(options?: { chromium?: boolean }): void;
export function build(): void;
