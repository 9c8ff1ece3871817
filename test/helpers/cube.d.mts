export function cubeText(): string;
export function lutPicture(): { width: number; height: number; data: Uint8Array };
