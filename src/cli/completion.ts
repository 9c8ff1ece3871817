import { COMMANDS } from './commands/index.js';
import { kebab, type Flag } from './flags.js';
import { flagsOf } from './program.js';

/**
 * Scripts that complete commands, flags, choices and file names in a shell, written out from the table of commands: a tab
 * starts no Node. `@bomb.sh/tab` was weighed: it turns file names off, and those are most of what is typed here.
 */
export const COMPLETIONS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

interface Entry {
  readonly long: string;
  readonly flag: Flag<unknown>;
}

const entriesOf = (name: string): Entry[] =>
  Object.entries(flagsOf(COMMANDS[name]!)).map(([key, flag]) => ({ long: `--${kebab(key)}`, flag }));

/** What follows the flag: nothing, one of few words, a number, or else perhaps a file. */
const isFile = ({ value, choices }: Flag<unknown>) => value !== undefined && value !== 'NUMBER' && !choices;

const names = Object.keys(COMMANDS);

function bash(): string {
  const values = names.flatMap((name) =>
    entriesOf(name).flatMap(({ long, flag }) => {
      if (flag.value === undefined || isFile(flag)) return [];
      const words = flag.choices?.join(' ') ?? '';
      return `    '${name} ${long}') words='${words}'; compopt +o default 2>/dev/null ;;`;
    }),
  );
  const flags = names.map(
    (name) =>
      `    ${name}) words='${entriesOf(name)
        .map(({ long }) => long)
        .join(' ')}' ;;`,
  );
  return `# relievo in bash: put  source <(relievo completion bash)  into ~/.bashrc
_relievo() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=''
  # bash takes the = of --flag=value for a word.
  if [[ $cur == '=' ]]; then cur=''
  elif [[ $prev == '=' ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  if (( COMP_CWORD == 1 )); then
    COMPREPLY=($(compgen -W '${[...names, 'completion', 'help'].join(' ')} --help --version' -- "$cur")); return
  fi
  case "\${COMP_WORDS[1]} $prev" in
${values.join('\n')}
    *) [[ $cur == -* ]] && case \${COMP_WORDS[1]} in
${flags.join('\n')}
    esac ;;
  esac
  [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _relievo relievo
`;
}

/** For single quotes, and for what _arguments and _describe read in them. */
const zshText = (text: string) => text.replaceAll("'", '’').replace(/[[\]:\\]/g, '\\$&');

function zsh(): string {
  const option = ({ long, flag }: Entry) => {
    const doc = zshText(flag.doc);
    if (flag.value === undefined) return `'${long}[${doc}]'`;
    const follows = flag.choices ? `(${flag.choices.join(' ')})` : isFile(flag) ? '_files' : ' ';
    return `'${long}=[${doc}]:${zshText(flag.value)}:${follows}'`;
  };
  const cases = names.map((name) => {
    const options = entriesOf(name).map((entry) => `        ${option(entry)} \\`);
    return `    ${name})\n      _arguments \\\n${options.join('\n')}\n        '*:photo:_files' ;;`;
  });
  const commands = names.map((name) => `      '${name}:${zshText(COMMANDS[name]!.summary)}'`);
  return `#compdef relievo
# relievo in zsh: put  source <(relievo completion zsh)  into ~/.zshrc, after compinit
_relievo() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.join('\n')}
      'completion:Prints the script that completes commands and flags in a shell.'
      'help:Help of a command.'
    )
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
    *) _files ;;
  esac
}
compdef _relievo relievo
`;
}

function fish(): string {
  const text = (doc: string) => `'${doc.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const line = (name: string, { long, flag }: Entry) => {
    const takes =
      flag.value === undefined
        ? ''
        : flag.choices
          ? ` -x -a '${flag.choices.join(' ')}'`
          : isFile(flag)
            ? ' -r -F'
            : ' -x';
    const short = long === '--output' ? ' -s o' : '';
    return `complete -c relievo -n '__fish_seen_subcommand_from ${name}' -l ${long.slice(2)}${short}${takes} -d ${text(flag.doc)}`;
  };
  return [
    '# relievo in fish: relievo completion fish > ~/.config/fish/completions/relievo.fish',
    ...names.map(
      (name) => `complete -c relievo -n __fish_use_subcommand -f -a ${name} -d ${text(COMMANDS[name]!.summary)}`,
    ),
    ...names.flatMap((name) => entriesOf(name).map((entry) => line(name, entry))),
    '',
  ].join('\n');
}
