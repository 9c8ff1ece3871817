import { Command as Program, Option } from 'commander';
import { number } from '../core/schema.js';
import { WRITE_PARAMS } from '../node/write.js';
import type { Command } from './command.js';
import { COMMANDS } from './commands/index.js';
import { fromReader, kebab, toggle, word, type Flag, type Flags } from './flags.js';
import { UsageError, type Io } from './io.js';
import { VERSION } from './version.js';

/** Flags of every command that writes pictures. */
export const RESULT_FLAGS = {
  output: word(
    'FILE|FOLDER|-',
    "Where the result goes; '-' is standard output. Several photos go into a folder.",
    'Result',
  ),
  format: word(
    'ENDING',
    'Format of the result, such as png, jpg, webp, avif or tiff. Without it the file name says it.',
    'Result',
  ),
  quality: {
    ...fromReader(number(WRITE_PARAMS.quality), '', 'Result'),
    standard: '92, of an animation 80',
  } as Flag<number>,
  overwrite: toggle('Replaces results that exist already.', 'Result'),
};

/** Flags of every command. */
export const COMMON_FLAGS = { json: toggle('One line of JSON per photo on standard output, errors too.', 'Result') };

/** All that a command takes. */
export const flagsOf = (command: Command): Flags => ({
  ...command.flags,
  ...(command.result && RESULT_FLAGS),
  ...COMMON_FLAGS,
});

export type Action = (
  name: string,
  photos: readonly string[],
  values: Readonly<Record<string, unknown>>,
) => Promise<void>;

const EXIT_CODES = `Exit code: 0 done, 1 something failed, 2 wrong usage, 130 interrupted.`;

/** What is typed, as a program of `commander`. */
export function createProgram(io: Io, action: Action): Program {
  const program = new Program('relievo')
    .description('Depth for ordinary photos.')
    .version(VERSION, '-V, --version', 'The version.')
    .helpOption('-h, --help', 'This text.')
    .helpCommand('help [command]', 'Help of a command.')
    .usage('COMMAND PHOTO... [options]')
    .addHelpText(
      'after',
      `\nA PHOTO is a file, a folder, a pattern in quotes such as 'photos/**/*.jpg', or - for standard input.\n${EXIT_CODES}`,
    )
    .configureHelp({ subcommandTerm: (sub) => sub.name() })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      // What is wrong is thrown, and told by run() in one line.
      writeErr: () => {},
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getOutHasColors: () => false,
    });
  for (const [name, command] of Object.entries(COMMANDS)) addCommand(program, name, command, action);
  return program;
}

function addCommand(program: Program, name: string, command: Command, action: Action): void {
  const flags = flagsOf(command);
  const sub = program
    .command(name)
    .summary(command.summary)
    .description([command.summary, command.details].filter(Boolean).join('\n'))
    .usage('PHOTO... [options]')
    .argument('<photos...>', "files, folders, patterns in quotes, or '-' for standard input");
  const names = new Map<string, string>();
  for (const [key, flag] of Object.entries(flags)) {
    const option = optionOf(key, flag);
    if (names.has(option.attributeName())) throw new TypeError(`${name}: two flags are called ${option.long}.`);
    names.set(option.attributeName(), key);
    sub.addOption(option);
  }
  sub.action(async (photos: string[], options: Record<string, unknown>) => {
    const values: Record<string, unknown> = {};
    for (const [attribute, value] of Object.entries(options)) {
      const key = names.get(attribute)!;
      values[key] = flags[key]!.read(String(value), `--${kebab(key)}`);
    }
    await action(name, photos, values);
  });
}

function optionOf(key: string, { value, doc, standard, group }: Flag<unknown>): Option {
  const long = `--${kebab(key)}`;
  const names = key === 'output' ? `-o, ${long}` : long;
  const option = new Option(
    value === undefined ? names : `${names} <${value}>`,
    standard === undefined ? doc : `${doc} (default: ${standard})`,
  );
  if (group) option.helpGroup(`${group}:`);
  return option;
}

/**
 * Mends what commander takes otherwise than people mean it: a flag without its value does not take the next flag for it,
 * and `--apperture=1` is looked for among the flags without its value.
 *
 * @throws UsageError
 */
export function checkFlags(argv: readonly string[]): string[] {
  const command = COMMANDS[argv[0] ?? ''];
  if (!command) return [...argv];
  const known = new Map(Object.entries(flagsOf(command)).map(([key, flag]) => [`--${kebab(key)}`, flag]));
  if (command.result) known.set('-o', RESULT_FLAGS.output);
  const end = argv.includes('--') ? argv.indexOf('--') : argv.length;
  return argv.map((arg, i) => {
    if (i >= end) return arg;
    const next = argv[i + 1];
    if (known.get(arg)?.value !== undefined && next !== undefined && known.has(next.split('=')[0]!))
      throw new UsageError(`${arg} needs a value, but ${next} follows.`);
    const [name] = arg.split('=');
    return arg.startsWith('--') && !known.has(name!) ? name! : arg;
  });
}
