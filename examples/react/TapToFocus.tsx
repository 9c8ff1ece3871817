/** @jsxImportSource react */
import { useState } from 'react';
import { RelievoPhoto } from 'relievo/react';

/** The visitor's own photo, whose focus follows a tap. */
export function TapToFocus() {
  const [file, setFile] = useState<File>();
  const [said, setSaid] = useState('');
  return (
    <figure>
      <input type="file" accept="image/*" onChange={(e) => setFile(e.target.files?.[0])} />
      <RelievoPhoto
        src={file}
        alt="your photo"
        aperture={0.04}
        onReady={() => setSaid('Tap what is to be sharp.')}
        onFocusChange={(disparity) => setSaid(`Sharp at ${Math.round(disparity * 100)} of 100.`)}
        onError={(error) => setSaid(error.message)}
      />
      <figcaption>{said}</figcaption>
    </figure>
  );
}
