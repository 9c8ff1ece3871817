import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import sharp from 'sharp';
import { installPacked } from '../helpers/packed.js';
import { ASTRONAUT, ROOT } from '../helpers/photos.js';

let folder: string;
let bin: string;
beforeAll(async () => {
  ({ folder, bin } = installPacked());
  // As npm links it into .bin.
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/relievo'), `#!/bin/sh\nexec "${process.execPath}" "${bin}" "$@"\n`, { mode: 0o755 });
  await sharp(ASTRONAUT).resize(64).toFile(join(folder, 'a.png'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const sh = (line: string, shell = 'bash') =>
  spawnSync(shell, ['-c', line], {
    cwd: folder,
    encoding: 'latin1',
    env: { ...process.env, PATH: `${join(folder, 'bin')}${delimiter}${process.env['PATH']}` },
  });

test("--version is the package's", () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  expect(sh('relievo --version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
});

test('a pipe of commands: a photo in, its blurred picture out', () => {
  const { status, stderr } = sh(
    'relievo depth - < a.png > d.png && relievo bokeh - --depth d.png < a.png | relievo info - > i.json',
  );
  expect([status, stderr]).toEqual([0, '']);
  expect(JSON.parse(readFileSync(join(folder, 'i.json'), 'utf8'))).toMatchObject({ width: 64, format: 'png' });
});

test('who reads the output may have enough', () => {
  expect(sh('set -o pipefail; relievo --help | true').stderr).toBe('');
});

test('exit codes: 0, 1, 2', () => {
  const codes = ['relievo info a.png', 'relievo info b.png', 'relievo infos a.png', 'relievo'].map((l) => sh(l).status);
  expect(codes).toEqual([0, 1, 2, 2]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)(
  '%s in the middle ends with %i at once, the old result in place and nothing half-written',
  async (signal, code) => {
    const dir = join(folder, signal);
    mkdirSync(dir);
    await sharp(ASTRONAUT).resize(3000).toFile(join(dir, 'big.png'));
    writeFileSync(join(dir, 'out.png'), 'old');
    const args = [bin, 'bokeh', 'big.png', '--aperture', '0.2', '--overwrite', '-o', 'out.png'];
    const child = spawn(process.execPath, args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
    let err = '';
    child.stderr.on('data', (text) => (err += text));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(child.exitCode).toBeNull();
    const sent = performance.now();
    child.kill(signal);
    const [status] = await once(child, 'exit');
    expect([status, err]).toEqual([code, 'relievo: Interrupted.\n']);
    expect(performance.now() - sent).toBeLessThan(2000);
    expect(readdirSync(dir).sort()).toEqual(['big.png', 'out.png']);
    expect(readFileSync(join(dir, 'out.png'), 'utf8')).toBe('old');
  },
);

test('bash completes commands, flags, choices and files', () => {
  copyFileSync(ASTRONAUT, join(folder, 'portrait.png'));
  const complete = (...words: string[]) =>
    sh(`
      source <(relievo completion bash) && complete -p relievo
      COMP_WORDS=(${words.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${words.length - 1}
      _relievo
      printf '%s\\n' "\${COMPREPLY[@]}"`)
      .stdout.trim()
      .split('\n')
      .slice(1);
  expect(complete('relievo', 'bo')).toEqual(['bokeh']);
  expect(complete('relievo', 'bokeh', '--ap')).toEqual(['--aperture']);
  expect(complete('relievo', 'edit', 'a.png', '--preset', 'no')).toEqual(['noir']);
  expect(complete('relievo', 'bokeh', '--shape', '=', 'di')).toEqual(['disc']);
  expect(complete('relievo', 'bokeh', '--network', '')).toEqual([]); // and so, by -o default, files
  expect(sh('source <(relievo completion bash); complete -p relievo').stdout).toContain('-o default');
});

test.each(['zsh', 'fish'])('%s has a script, with every command and flag in it', (shell) => {
  const { status, stdout, stderr } = sh(`relievo completion ${shell}`);
  expect([status, stderr]).toEqual([0, '']);
  for (const word of ['depth', 'bokeh', 'aperture', 'cats-eye', 'noir', 'overwrite']) expect(stdout).toContain(word);
  // Where the shell is at hand it reads the script without a complaint.
  if (sh(`command -v ${shell}`).status === 0)
    expect(sh(`relievo completion ${shell} > script; ${shell} -n script`)).toMatchObject({
      status: 0,
      stderr: '',
    });
});

test('other shells are told which there are', () => {
  expect(sh('relievo completion tcsh')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('bash, zsh, fish'),
  });
});
