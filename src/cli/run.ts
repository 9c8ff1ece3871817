import { Argument, CommanderError } from 'commander';
import { isRelievoError } from '../core/errors.js';
import { part } from '../core/task.js';
import { existing, isExisting } from '../node/write.js';
import type { Runner } from './command.js';
import { COMMANDS } from './commands/index.js';
import { COMPLETIONS } from './completion.js';
import { findPhotos } from './inputs.js';
import { UsageError, type Io } from './io.js';
import { Output } from './output.js';
import { plan, type Job, type PlanOptions } from './plan.js';
import { checkFlags, createProgram } from './program.js';
import { progressBar } from './progress.js';
import { nameOf, STDIO } from './source.js';

/** As shells count: 128 and the number of SIGINT. */
const INTERRUPTED = 130;

/** The program: returns its exit code, never throws. */
export async function run(argv: readonly string[], io: Io): Promise<number> {
  try {
    let code = 0;
    const program = createProgram(io, async (name, photos, values) => {
      code = await perform(name, photos, values, io);
    });
    program
      .command('completion')
      .summary('Prints the script that completes commands, flags and files in a shell.')
      .description('Prints the script that completes commands, flags and files in a shell.')
      .addArgument(new Argument('<shell>').choices(Object.keys(COMPLETIONS)))
      .action((shell: string) => void io.stdout.write(COMPLETIONS[shell]!()));
    if (argv.length === 0) {
      program.outputHelp();
      return 2;
    }
    await program.parseAsync(checkFlags(argv), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      const photos = error.code === 'commander.missingArgument' && argv[0] !== 'completion';
      io.stderr.write(
        `relievo: ${photos ? `${argv[0]}: which photo? See relievo ${argv[0]} --help` : usage(error.message)}\n`,
      );
      return 2;
    }
    io.stderr.write(`relievo: ${oneLine(error)}\n`);
    return io.signal.aborted ? INTERRUPTED : error instanceof UsageError ? 2 : 1;
  }
}

/** commander's words in one line. */
function usage(message: string): string {
  const text = message.replace(/^error: /, '').replace(/\s*\n\(Did you mean ([^)]*)\)\n?/, ': did you mean $1');
  return oneLine(text).replace(/\.$/, '') + (/did you mean/.test(text) ? '' : '; see relievo --help');
}

async function perform(
  name: string,
  named: readonly string[],
  values: Readonly<Record<string, unknown>>,
  io: Io,
): Promise<number> {
  const command = COMMANDS[name]!;
  const prepared = command.prepare(values);
  const { run: runner, result = command.result } = typeof prepared === 'function' ? { run: prepared } : prepared;
  const given = { ...values, overwrite: values['overwrite'] === true } as PlanOptions & { readonly json?: true };
  const inputs = await findPhotos(named, result?.suffix);
  const { photos, many, leftOut } = inputs;
  const out = { path: '', ending: '', overwrite: false };
  const jobs = result ? await plan(photos, many, result, given) : photos.map((photo) => ({ photo, out }));
  const writesOut = jobs.some((job) => job.out.path === STDIO);
  if (writesOut && given.json)
    throw new UsageError('--json and a picture cannot both go to standard output: say -o FILE.');
  if (writesOut && io.stdout.isTTY)
    throw new UsageError('a picture is nothing for a terminal: say -o FILE, or lead it into one.');
  if (leftOut.results + leftOut.maps > 0)
    io.stderr.write(
      `relievo: left out ${[
        leftOut.results > 0 && count(leftOut.results, 'result', 'of Relievo itself'),
        leftOut.maps > 0 && count(leftOut.maps, 'depth map', 'beside photos'),
      ]
        .filter(Boolean)
        .join(' and ')}; name them to use them.\n`,
    );
  return runJobs(jobs, runner, { many, json: given.json === true, prints: !result }, io);
}

const count = (n: number, what: string, whose: string) => `${n} ${what}${n > 1 ? 's' : ''} ${whose}`;

async function runJobs(
  jobs: readonly Job[],
  runner: Runner,
  { many, json, prints }: { readonly many: boolean; readonly json: boolean; readonly prints: boolean },
  io: Io,
): Promise<number> {
  const bar = progressBar(io, jobs.length);
  const say = (text: string) => {
    bar.clear();
    io.stderr.write(`relievo: ${text}\n`);
  };
  let failed = 0;
  let existed = 0;
  for (const [i, { photo, out, existing: there }] of jobs.entries()) {
    io.signal.throwIfAborted();
    bar.show(i, photo, 0);
    const task = { signal: io.signal, onProgress: (done: number) => bar.show(i, photo, done) };
    try {
      if (there !== undefined) throw existing(there);
      const work = { ...io, task: (from: number, to: number) => part(task, from, to) };
      const result = await runner({ path: photo }, new Output(out), work);
      bar.clear();
      if (json || prints) io.stdout.write(`${JSON.stringify(result, null, many || json ? 0 : 2)}\n`);
      else if (out.path !== STDIO) io.stdout.write(`${out.path}\n`);
    } catch (error) {
      bar.clear();
      // An abort ends everything; a bad photo only itself.
      if (io.signal.aborted || error instanceof UsageError) throw error;
      failed++;
      const message = oneLine(error);
      if (json) {
        const code = isRelievoError(error) ? error.code : undefined;
        io.stdout.write(`${JSON.stringify({ photo, error: message, code })}\n`);
      }
      if (isExisting(error) && many) existed++;
      else
        say(
          `${message.includes(nameOf(photo)) || !many ? '' : `${nameOf(photo)}: `}${message}${isExisting(error) ? HOW : ''}`,
        );
    }
  }
  bar.clear();
  if (existed > 0)
    say(
      `${count(existed, 'result', existed > 1 ? 'exist' : 'exists')} already and ${existed > 1 ? 'are' : 'is'} left as it was.${HOW}`,
    );
  if (failed - existed > 0 && many) say(`${failed - existed} of ${jobs.length} photos failed.`);
  return failed ? 1 : 0;
}

const HOW = ' --overwrite replaces it, -o names another place.';

function oneLine(error: unknown): string {
  // By shape, not by class: an abort's reason is a DOMException, which in some realms is no Error.
  const { message } = (error ?? {}) as { message?: unknown };
  // A file's name may hold what a terminal obeys.
  return String(typeof message === 'string' ? message : error)
    .replace(/\s*[\n\r]\s*/g, ' ')
    .replace(/\p{Cc}/gu, '?');
}
