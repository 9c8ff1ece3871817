/** Instead of MediaPipe's runtime, which fetches a model from elsewhere: the benchmark gives the true mask. */
export class SelfieSegmentation {}
