import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { isRelievoError, RelievoError } from '../core/errors.js';
import { bokeh } from './bokeh.js';
import { UsageError, type Command, type Flags, type Io } from './command.js';
import { cutout } from './cutout.js';
import { depth } from './depth.js';
import { edit } from './edit.js';
import { faces } from './faces.js';
import { info } from './info.js';
import { parallax } from './parallax.js';

const COMMANDS: Readonly<Record<string, Command>> = { depth, bokeh, edit, cutout, parallax, faces, info };
const PHOTO_ENDINGS = new Set(['.jpg', '.jpeg', '.png', '.webp', '.avif', '.gif', '.tif', '.tiff']);

const COMMON = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  output: { type: 'string', short: 'o' },
} as const;

const HELP = `relievo: depth for ordinary photos.

${Object.values(COMMANDS)
  .map((c) => c.usage)
  .join('\n\n')}

Several photos or a folder: -o names a folder, which gets NAME-depth.png, NAME-bokeh.png, … Output format by ending.
  --json    one line of JSON per photo on standard output        -h, --help    this text
Exit code: 0 done, 1 something failed, 2 wrong usage.
`;

/** The program: returns its exit code, never throws. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    return await dispatch(argv, io);
  } catch (error) {
    io.stderr.write(`relievo: ${oneLine(error)}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function dispatch([name, ...rest]: readonly string[], io: Io): Promise<number> {
  if (name === undefined || name === 'help' || name === '-h' || name === '--help') {
    io.stdout.write(HELP);
    return name === undefined ? 2 : 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command)
    throw new UsageError(
      `unknown command '${name}'. Commands: ${Object.keys(COMMANDS).join(', ')}; see relievo --help.`,
    );
  const { values, positionals } = parse(rest, command);
  if (values['help']) {
    io.stdout.write(`${command.usage}\n`);
    return 0;
  }
  if (positionals.length === 0) throw new UsageError(`${name}: which photo? ${command.usage.split('\n')[0]}`);
  const runner = command.prepare(values as Flags);
  const output = values['output'] as string | undefined;
  const jobs = await plan(positionals, output, command.suffix);
  const single = jobs.length === 1;
  let failed = 0;
  for (const [i, job] of jobs.entries()) {
    io.signal.throwIfAborted();
    if (!single && io.stderr.isTTY) io.stderr.write(`\r[${i + 1}/${jobs.length}] ${basename(job.photo)}\u001b[K`);
    try {
      const result = await runner(job.photo, job.out, io);
      if (values['json'] || !command.suffix)
        io.stdout.write(`${JSON.stringify(result, null, single && !values['json'] ? 2 : 0)}\n`);
      else io.stdout.write(`${job.out}\n`);
    } catch (error) {
      // An abort ends everything; a bad photo only itself.
      if (io.signal.aborted || single || error instanceof UsageError) throw error;
      failed++;
      io.stderr.write(`${io.stderr.isTTY ? '\r\u001b[K' : ''}relievo: ${job.photo}: ${oneLine(error)}\n`);
      if (values['json'])
        io.stdout.write(
          `${JSON.stringify({ photo: job.photo, error: oneLine(error), code: isRelievoError(error) ? error.code : undefined })}\n`,
        );
    }
  }
  if (!single && io.stderr.isTTY) io.stderr.write('\r\u001b[K');
  if (failed) io.stderr.write(`relievo: ${failed} of ${jobs.length} photos failed.\n`);
  return failed ? 1 : 0;
}

function parse(args: readonly string[], command: Command) {
  try {
    return parseArgs({ args: [...args], options: { ...COMMON, ...command.options }, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0]!);
  }
}

interface Job {
  readonly photo: string;
  readonly out: string;
}

/** Photos and where each result goes. */
async function plan(inputs: readonly string[], output: string | undefined, suffix: string | undefined): Promise<Job[]> {
  const photos: string[] = [];
  let folder = inputs.length > 1;
  for (const input of inputs) {
    if (await isFolder(input)) {
      folder = true;
      const names = (await readdir(input)).filter((n) => PHOTO_ENDINGS.has(extname(n).toLowerCase())).sort();
      photos.push(...names.map((n) => join(input, n)));
    } else {
      photos.push(input);
    }
  }
  if (photos.length === 0) throw new RelievoError('FILE_NOT_FOUND', `no photos in ${inputs.join(', ')}.`);
  if (suffix === undefined) return photos.map((photo) => ({ photo, out: '' }));
  if (folder && output !== undefined && extname(output) !== '' && !(await isFolder(output))) {
    throw new UsageError(`-o must be a folder for several photos, not '${output}'.`);
  }
  const into = folder ? (output ?? '.') : output !== undefined && (await isFolder(output)) ? output : undefined;
  const taken = new Set<string>();
  return photos.map((photo) => {
    const stem = basename(photo, extname(photo));
    if (into === undefined) return { photo, out: output ?? `${stem}${suffix}` };
    let out = join(into, `${stem}${suffix}`);
    // a.jpg and a.png of one folder: neither result may overwrite the other
    if (taken.has(out)) out = join(into, `${basename(photo)}${suffix}`);
    taken.add(out);
    return { photo, out };
  });
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isDirectory(),
    () => path.endsWith('/'),
  );
}

function oneLine(error: unknown): string {
  // By shape, not by class: an abort's reason is a DOMException, which in some realms is no Error.
  const { message } = (error ?? {}) as { message?: unknown };
  return String(typeof message === 'string' ? message : error).replace(/\s*\n\s*/g, ' ');
}
