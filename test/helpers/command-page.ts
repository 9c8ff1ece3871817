import { COMMANDS } from '../../src/cli/commands/index.js';
import { kebab, type Flags } from '../../src/cli/flags.js';
import { COMMON_FLAGS, RESULT_FLAGS } from '../../src/cli/program.js';
import { DEPTH_FLAGS, PHOTO_FLAGS } from '../../src/cli/session.js';
import type { Command } from '../../src/cli/command.js';

const HEAD = `# On the command line

\`\`\`sh
npm install -g relievo sharp      # or, in a project: npx relievo …; in a clone: node dist/cli/main.js …
relievo depth  portrait.jpg       # portrait-depth.png
relievo bokeh  portrait.jpg --focus 412,288 --aperture 0.04
relievo cutout portrait.jpg --background orange -o orange.jpg
relievo edit   'photos/**/*.jpg' --preset noir -o noir/
cat portrait.jpg | relievo bokeh - --format webp > blurred.webp
\`\`\`

The tables below are made from the table of commands by \`npm run docs\`; \`relievo COMMAND --help\` prints the same.

**Photos** are files, folders, patterns in quotes (a shell's own patterns work as well), or \`-\` for standard input. Of a folder
or a pattern those files are taken that end like a photo, except results of Relievo, which are known by what their file says
of its maker (EXIF's \`Software\`, a GIF's comment; TIFF says nothing), and a \`NAME_depth.png\` beside its photo. A file that
you name is taken, whatever it is; only where a shell's pattern names both a photo and the result that Relievo made of it, the
result is left out. Pipes and devices are refused: they may never end.

**Results.** One photo gives \`NAME-COMMAND.png\` in the current folder, or what \`-o\` says: a file, a folder, or \`-\` for
standard output, where the result of \`-\` goes by itself. The file name's ending is the format, or \`--format\`. Several photos, a
folder or a pattern give \`NAME-COMMAND.png\` each in the folder that \`-o\` names, else in the current one. Photos of one name
(\`a/x.jpg\`, \`b/x.jpg\`) give \`x-depth.png\` and \`x-2-depth.png\`; a result never takes the name of a photo of the same call.

**Nothing is replaced without \`--overwrite\`**: neither the photo, nor an older result, nor a \`NAME_depth.png\` that \`--pair\`
would write. What exists already is left as it is and counts as failed, while the other photos go on: the same call once more
makes what is missing, and with \`--overwrite\` all of it anew. A file appears whole or not at all, also when the call is
interrupted.

**Exit code**: 0 all done, 1 something failed, 2 wrong usage, 130 interrupted (143 by SIGTERM). Errors are one line each on
standard error; one bad photo does not stop the others. \`--json\` prints one line of JSON for each photo, failures with \`error\`
and [\`code\`](architecture.md). On a terminal a bar shows how far it is.

**Values**: a number; a point as \`X,Y\` in pixels of the upright photo; a range as \`0.6-0.9\`; a colour as \`#rgb\`, \`#rrggbb\` or
any of CSS's names; what is more, as JSON. \`--ring=-0.5\` and \`--ring -0.5\` are the same.

**Completion**: \`source <(relievo completion bash)\` in \`~/.bashrc\`; zsh the same in \`~/.zshrc\`, after \`compinit\`; fish:
\`relievo completion fish > ~/.config/fish/completions/relievo.fish\`.
`;

/** docs/cli.md, before Prettier. */
export function commandPage(): string {
  const shared = { ...RESULT_FLAGS, ...COMMON_FLAGS, ...DEPTH_FLAGS };
  return [
    HEAD,
    `## Flags of all commands\n\n${table({ ...PHOTO_FLAGS, ...COMMON_FLAGS })}`,
    `Of those that write pictures:\n\n${table(RESULT_FLAGS)}`,
    `Of those that need depth (\`depth\` itself takes no \`--depth\`). Without them the depth that the photo carries or has beside it is used, else the network's:\n\n${table(without(DEPTH_FLAGS, PHOTO_FLAGS))}`,
    ...Object.entries(COMMANDS).map(([name, command]) => section(name, command, shared)),
  ].join('\n');
}

function section(name: string, { summary, details, flags }: Command, shared: Flags): string {
  const own = without(flags, shared);
  return [`## \`relievo ${name}\`\n`, summary, details ?? '', Object.keys(own).length ? `\n${table(own)}` : ''].join(
    '\n',
  );
}

const without = (flags: Flags, others: Flags): Flags =>
  Object.fromEntries(Object.entries(flags).filter(([key, flag]) => others[key]?.doc !== flag.doc));

function table(flags: Flags): string {
  const cell = (text: string) =>
    text
      .replaceAll('|', '\\|')
      .replaceAll('{', '\\{')
      .replace(/([<*])/g, '\\$1');
  const rows = Object.entries(flags).map(([key, { value, doc, standard }]) => {
    const flag = `${key === 'output' ? '-o, ' : ''}--${kebab(key)}${value === undefined ? '' : ` ${value}`}`;
    return `| \`${flag.replaceAll('|', '\\|')}\` | ${cell(doc)} | ${standard ?? ''} |`;
  });
  return `| flag | what | default |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}
