import { RelievoError } from '../core/errors.js';

/** Versions of the optional peers that this code is written for and tested with: the ranges of package.json. */
export const PEERS = {
  sharp: { from: '0.33.0', below: '0.36.0' },
  canvas: { from: '3.0.0', below: '4.0.0' },
} as const;

/**
 * Package managers let a host overrule a range of peers, and what then fails deep inside names nothing.
 *
 * @param found the version that is installed; undefined: one from before it said so.
 * @throws RelievoError `DEPENDENCY_MISSING` that names the version found and those needed.
 */
export function checkPeer(name: keyof typeof PEERS, found: string | undefined): void {
  const { from, below } = PEERS[name];
  if (found !== undefined && !isBefore(found, from) && isBefore(found, below)) return;
  throw new RelievoError(
    'DEPENDENCY_MISSING',
    `${name} ${found ?? 'of an older version'} is installed, needed is >=${from} <${below}: ` +
      `npm install "${name}@>=${from} <${below}"`,
  );
}

/** By the three numbers: a pre-release counts as its release. */
function isBefore(version: string, other: string): boolean {
  const [a, b] = [version, other].map((v) => v.split('-')[0]!.split('.').map(Number));
  for (let i = 0; i < 3; i++) if (a![i] !== b![i]) return a![i]! < b![i]!;
  return false;
}
