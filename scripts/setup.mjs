/**
 * Brings what the project needs on a fresh machine: Debian's libraries (as root), npm packages, the build.
 * Plain Node without packages, since it runs before there are any.
 *
 *     node scripts/setup.mjs [--tests]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What `canvas` compiles against where no prebuilt binary can be had. */
const CANVAS_LIBRARIES = ['libcairo2-dev', 'libpango1.0-dev', 'libjpeg-dev', 'libgif-dev', 'librsvg2-dev'];
const COMPILER = ['g++', 'make', 'python3', 'pkg-config'];
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
/** Debian's, which follows the extended releases; elsewhere it is plain Firefox. */
const FIREFOX_NAMES = ['firefox-esr', 'firefox'];

/** Path of an installed Chromium: CHROMIUM_PATH, or one of the usual names. */
export function findChromium() {
  if (process.env.CHROMIUM_PATH) return process.env.CHROMIUM_PATH;
  const found = CHROMIUM_NAMES.map(onPath).find(Boolean);
  if (found) return found;
  const mac = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
  return existsSync(mac) ? mac : undefined;
}

/** Path of an installed Firefox: FIREFOX_PATH, or one of the usual names. */
export function findFirefox() {
  return process.env.FIREFOX_PATH ?? FIREFOX_NAMES.map(onPath).find(Boolean);
}

/** Path of the small browser that comes with WebKitGTK. */
export function findMiniBrowser() {
  if (!existsSync('/usr/lib')) return undefined;
  const folders = readdirSync('/usr/lib').flatMap((d) => ['4.1', '6.0'].map((v) => `/usr/lib/${d}/webkit2gtk-${v}`));
  return folders.map((d) => join(d, 'MiniBrowser')).find((p) => existsSync(p));
}

/** Path of a program that the shell would find. */
export function onPath(name) {
  return (process.env.PATH ?? '')
    .split(':')
    .map((d) => join(d, name))
    .find((p) => existsSync(p));
}

/**
 * @param tests with what only tests need: Chromium for pages, ffmpeg for the films that are made there, and as root
 *   Firefox and WebKit, without which the tests of these engines are skipped.
 */
export function setup({ tests = false } = {}) {
  const packages = [];
  const missing = tests ? [!findChromium() && 'chromium', !onPath('ffmpeg') && 'ffmpeg'].filter(Boolean) : [];
  if (process.platform === 'linux' && existsSync('/etc/debian_version')) {
    if (tests && process.getuid?.() === 0) missing.push(...otherEngines());
    if (
      !canvasWorks() &&
      spawnSync('pkg-config', ['--exists', 'cairo', 'pangocairo', 'librsvg-2.0', 'libjpeg']).status !== 0
    ) {
      packages.push(...COMPILER, ...CANVAS_LIBRARIES);
    }
    if (packages.length + missing.length) install(packages, missing);
  } else if (missing.length) {
    stop(
      `Tests open pages in Chromium and read films with ffmpeg; missing: ${missing.join(', ')}. Chrome does, too, and CHROMIUM_PATH names its program.`,
    );
  }
  packagesFromNpm();
}

function otherEngines() {
  const firefox = findFirefox() ? [] : ['firefox-esr'];
  const webkit = onPath('WebKitWebDriver') && findMiniBrowser() ? [] : ['webkit2gtk-driver'];
  return [...firefox, ...webkit, ...(onPath('Xvfb') ? [] : ['xvfb'])];
}

function canvasWorks() {
  return existsSync(join(ROOT, 'node_modules/canvas/build/Release/canvas.node'));
}

/** @param optional those that `canvas` does without where it comes as a prebuilt binary. */
function install(optional, required) {
  const packages = [...optional, ...required];
  if (process.getuid?.() !== 0) {
    const line = `sudo apt-get install ${packages.join(' ')}`;
    if (required.length) stop(`Please install what the tests need:\n  ${line}`);
    console.error(`If the installation of 'canvas' fails below, it needs:\n  ${line}`);
    return;
  }
  console.error(`Installing ${packages.join(' ')} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 2, 2], env });
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], {
    stdio: ['ignore', 2, 2],
    env,
  });
}

function packagesFromNpm() {
  const lock = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const stamp = join(ROOT, 'node_modules/.relievo-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Installing npm packages …');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  writeFileSync(stamp, lock);
}

/** Builds dist/ when a source is newer than the last build. */
export function build() {
  const stamp = join(ROOT, 'dist/index.js');
  const newest = Math.max(
    ...['src', 'rollup.config.js', 'package.json', 'tsconfig.json'].map((p) => lastChange(join(ROOT, p))),
  );
  if (existsSync(stamp) && statSync(stamp).mtimeMs > newest) return;
  console.error('Building …');
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
}

function lastChange(path) {
  const s = statSync(path);
  return s.isDirectory() ? Math.max(...readdirSync(path).map((n) => lastChange(join(path, n)))) : s.mtimeMs;
}

function stop(message) {
  console.error(message);
  process.exit(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup({ tests: process.argv.includes('--tests') });
