import { isListOf } from '../flags.js';
import type { Operator } from '../../effects/operator.js';
import { OPERATORS } from '../../effects/operators.js';
import type { Command } from '../command.js';
import { cutout } from './cutout.js';
import { depth } from './depth.js';
import { edit } from './edit.js';
import { faces } from './faces.js';
import { info } from './info.js';
import { operatorCommand } from './operator.js';
import { parallax } from './parallax.js';

const OWN: Readonly<Record<string, Command>> = { depth, cutout, parallax, edit, faces, info };

/** An operator that wants a list, such as strokes, is for recipes. */
const fits = ([name, { options }]: [string, Operator]) =>
  !(name in OWN) && !Object.values(options).some((reader) => reader.required && isListOf(reader));

const operators = Object.fromEntries(
  Object.entries(OPERATORS as unknown as Record<string, Operator>)
    .filter(fits)
    .map(([name, operator]) => [name, operatorCommand(name, operator)]),
);

const { depth: first, ...others } = OWN;

/** Every command: those of the operators come from their registry. */
export const COMMANDS: Readonly<Record<string, Command>> = { depth: first!, ...operators, ...others };
