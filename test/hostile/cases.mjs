/** The table: every call of the surface, with one thing of it made bad. */
import { BAD } from './values.mjs';

/** Calls that take anything and answer: there is nothing to refuse. */
const TAKE_ANYTHING = ['isRelievoError', 'new RelievoError', 'operatorNamed'];
/** Return what they are given, for its types: registerOperator checks it. */
const FOR_TYPES = ['defineOperator', 'definePointOperator'];
/** Of a page: Node has no WebGL2, no WebCodecs, no workers and no DOM. They refuse here with BACKEND_UNAVAILABLE at best. */
const OF_A_PAGE = /^(BokehPreview|Preview|Gpu)\.|^use[A-Z]|^RelievoPhoto$/;
/** Its door is open in Node, what is behind it is not. */
export const NOT_IN_NODE = /^create(BokehPreview|Preview|Gpu|Worker)$|^encodeVideo$/;
/** Reads one value of a map, and not the bad one. */
export const ONE_VALUE = ['disparityAt'];
/** Labels: they only stand in messages. Migrations: a test's own. */
const LEFT_OUT = ['checkDepth: owner', 'readRecipe: migrations', 'Hydra.isShipped: task'];
/** Written by hosts, called by the library; or made by the library alone. */
const NOT_CALLED = /^(PointOperator|WholeOperator|GpuPass|PointWriter|Preparation|Prepared)\.|^new FeatureSet$/;

/** Options that mean nothing without others. */
export const TOGETHER = { 'applyBokeh.options.faces': { focus: 'faces' } };

/** @returns calls by group; every one is in exactly one. */
export function groupOf({ name }) {
  if ([...TAKE_ANYTHING, ...FOR_TYPES].includes(name)) return 'takes anything';
  if (OF_A_PAGE.test(name)) return 'of a page';
  if (NOT_CALLED.test(name)) return 'not called';
  return 'called';
}

/** @returns {{ call: number, path: (string | number)[], kind: string, bad: number, label: string }[]} */
export function casesOf(calls) {
  const cases = [];
  for (const [call, { name, params, ...rest }] of calls.entries()) {
    if (groupOf({ name, ...rest }) !== 'called') continue;
    cases.push({ call, path: [], kind: '', bad: -1, label: `${name} as it should be` });
    for (const [i, { name: param, optional, takes }] of params.entries())
      visit(call, name, [i], param, { ...takes, optional });
  }
  return cases;

  function visit(call, name, path, label, takes) {
    if (LEFT_OUT.includes(`${name}: ${label}`)) return;
    for (const [bad, { name: what }] of (BAD[takes.kind] ?? []).entries())
      // Of what need not be given, undefined is the default.
      if (what !== 'undefined' || !takes.optional)
        cases.push({ call, path, kind: takes.kind, bad, label: `${name}: ${label} ${what}` });
    for (const [key, field] of Object.entries(takes.fields ?? {}))
      visit(call, name, [...path, key], `${label}.${key}`, field);
  }
}
