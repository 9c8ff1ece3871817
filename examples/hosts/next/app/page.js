import { PRESETS } from 'relievo';
import Portrait from './portrait.js';

/** On the server: importing Relievo there costs nothing and touches no browser global. */
export default function Page() {
  return (
    <main>
      <p id="presets">{Object.keys(PRESETS).join(' ')}</p>
      <Portrait />
    </main>
  );
}
