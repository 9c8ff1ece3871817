import type { Fields, Reader } from '../../src/core/schema.js';
import type { Operator } from '../../src/effects/operator.js';

const HEAD = `# Options

Every option of every operator, from their tables in the code by \`npm run docs\`; a test holds this page to them. What they do
together: [operators.md](operators.md), [composing.md](composing.md). An option without a default does nothing, or is found
in the photo, unless it is given.
`;

/** docs/options.md, before Prettier. */
export function optionTables(operators: Readonly<Record<string, Operator>>): string {
  return [HEAD, ...Object.entries(operators).map(([name, operator]) => section(name, operator))].join('\n');
}

function section(name: string, { kind, doc, options }: Operator): string {
  const rows = rowsOf(options, '', new Map());
  return `## \`${name}\`\n\n${doc} Kind: ${kind}.\n\n| option | takes | default | |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** Options of options follow as `option.inner`; of those that another option lists already only its name is said. */
function rowsOf(fields: Fields, path: string, before: Map<unknown, string>): string[] {
  const shared = new Set<string>();
  const rows = Object.entries(fields).flatMap(([key, reader]) => {
    const inner = reader.fields;
    const seen = before.get(inner ?? reader);
    if (seen !== undefined && path !== '' && seen !== path.slice(0, -1)) {
      shared.add(seen);
      return [];
    }
    const row = (takes: string) => {
      const standard = reader.required ? 'required' : (reader.param?.default ?? '');
      return `| \`${path}${key}\` | ${takes} | ${standard} | ${reader.doc ?? reader.param?.doc ?? ''} |`;
    };
    if (seen !== undefined && path === '') return [row(`as \`${seen}\``)];
    if (inner) before.set(inner, `${path}${key}`);
    else if (path !== '') before.set(reader, path.slice(0, -1));
    return inner ? [row(takesOf(reader)), ...rowsOf(inner, `${path}${key}.`, before)] : [row(takesOf(reader))];
  });
  const outermost = [...shared].filter((name) => ![...shared].some((other) => name.startsWith(`${other}.`)));
  return [...rows, ...outermost.map((name) => `| \`${path}…\` | as \`${name}\` | | The rest of it. |`)];
}

function takesOf({ expected, param }: Reader<unknown, unknown>): string {
  if (param) return `${param.min}..${param.max} ${param.unit}`;
  return expected.replaceAll('|', '\\|').replace(/([{[][^\]}]*[\]}])/g, '`$1`');
}
