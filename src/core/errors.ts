/**
 * Every error Relievo throws, except an abort (which rethrows the signal's reason, a DOM `AbortError` by default).
 * `code` is stable; `message` says what happened and what to do.
 */
export type ErrorCode =
  | 'INVALID_PARAM'
  | 'UNSUPPORTED_IMAGE'
  | 'CORRUPT_IMAGE'
  | 'IMAGE_TOO_LARGE'
  | 'INVALID_DEPTH'
  | 'FILE_NOT_FOUND'
  | 'WRITE_FAILED'
  | 'MODEL_NETWORK'
  | 'MODEL_CORRUPT'
  | 'MODEL_CONTRACT'
  | 'MODEL_MISSING'
  | 'BACKEND_UNAVAILABLE'
  | 'BAD_OUTPUT'
  | 'DEPENDENCY_MISSING'
  | 'CONTEXT_LOST'
  | 'DISPOSED';

export class RelievoError extends Error {
  override readonly name = 'RelievoError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** True for a {@link RelievoError}, also one from another realm or a worker, where `instanceof` fails. */
export function isRelievoError(error: unknown, code?: ErrorCode): error is RelievoError {
  const e = error as Partial<RelievoError> | null;
  return typeof e === 'object' && e?.name === 'RelievoError' && (code === undefined || e.code === code);
}
