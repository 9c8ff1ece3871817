/** Every word of the page. */
export const TEXTS = {
  name: 'Relievo',
  headline: 'Give your portrait depth',
  lead: 'Then tap what should be sharp. A neural network finds out how near everything is, and a thin lens throws the rest out of focus.',
  choose: 'Choose a photo',
  chooseAnother: 'Other photo',
  sample: 'Take the sample',
  sampleShort: 'Sample',
  sampleName: 'astronaut.png',
  ways: 'Or drop one here, or paste it.',
  privacy: 'It all happens in this page: the photo never leaves your device.',
  dropHere: 'Drop the photo',

  controls: 'Depth of field',
  view: 'View',
  viewPhoto: 'Photo',
  viewDepth: 'Depth',
  viewRefocused: 'Refocused',
  focus: 'Focal plane',
  far: 'Far',
  near: 'Near',
  aperture: 'Aperture',
  allSharp: 'All sharp',
  softest: 'Widest',
  undo: 'Undo',
  redo: 'Redo',
  download: 'Download',
  tapHint: 'Tap the photo where it should be sharp.',
  depthHint: 'White lies on the focal plane.',
  canvas: 'The photo: focus point',
  canvasHelp: 'Arrow keys move the focus point, with Shift in larger steps.',

  cancel: 'Cancel',
  dismiss: 'Close',
  opening: 'Opening the photo',
  loading: 'Loading the networks',
  estimating: 'Estimating depth',
  rendering: 'Rendering at full resolution',

  backend: (name: string) => `Depth by ${backendName(name)}`,
  ready: (width: number, height: number, seconds: number, backend: string) =>
    `${width} × ${height}, depth in ${seconds.toFixed(1)} s by ${backendName(backend)}`,
  focused: (disparity: number) => `Focus at ${percent(disparity)}`,
  focusValue: (disparity: number) => percent(disparity),
  focusSpoken: (disparity: number) => `${percent(disparity)} of the way from far to near`,
  apertureValue: (share: number) => `${(share * 100).toFixed(1)} %`,
  apertureSpoken: (share: number) =>
    share === 0 ? 'closed: everything is sharp' : `blur up to ${(share * 100).toFixed(1)} percent of the long side`,
  undone: 'Undone',
  redone: 'Redone',
  nothingToUndo: 'Nothing to undo',
  nothingToRedo: 'Nothing to redo',
  downloaded: (name: string) => `${name} is ready`,
  cancelled: 'Cancelled',
  notAPhoto: 'There is no picture in what was pasted or dropped: use a JPEG, PNG or WebP file.',
  noSample: 'The sample could not be loaded: check the connection and try again.',
  unforeseen: (why: string) => `That went wrong: ${why}`,
};

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function backendName(name: string): string {
  return { webgl: 'WebGL', wasm: 'WebAssembly', cpu: 'JavaScript' }[name] ?? name;
}
