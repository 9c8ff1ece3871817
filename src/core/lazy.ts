import { RelievoError } from './errors.js';

/**
 * Loads a part of the library that not every page needs, with its first use. The caller writes the `import()` out,
 * because bundlers look for exactly that.
 *
 * @throws RelievoError `DEPENDENCY_MISSING` when the part's file cannot be had: the page is offline, or an older
 *   version's files are gone from the server. The next call tries again.
 */
export async function lazy<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RelievoError(
      'DEPENDENCY_MISSING',
      `a part of Relievo could not be loaded: ${why}. Check the connection, and that the page and its scripts are of one version.`,
      { cause },
    );
  }
}
