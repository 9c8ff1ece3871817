'use client';

import { useEffect } from 'react';
import { run } from '../../page.js';

let started = false;

/** On the client, and rendered once on the server as well: the networks run in the effect, which only a browser has. */
export default function Portrait() {
  useEffect(() => {
    if (!started) run();
    started = true; // strict mode runs effects twice
  }, []);
  return (
    <>
      <p id="status"></p>
      <canvas id="depth"></canvas>
      <canvas id="bokeh"></canvas>
      <canvas id="worker"></canvas>
    </>
  );
}
