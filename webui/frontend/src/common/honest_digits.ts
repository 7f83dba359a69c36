// How many decimals a number deserves beside its uncertainty; the same rules as appliance/domain/honest_digits.py, held
// to each other by tests/data/honest_digits.json.

import { figure, t } from "./i18n";
import { rounded } from "./rounded";

/** A value at which a number changes its name, and whether exactly this value already has the upper one. */
export type Cut = readonly [value: number, belongsAbove: boolean];

export const CALIBRE_CUTS: readonly Cut[] = [[20, true], [50, false]];
/** Half the 95 % interval of a width in pixels: 1.96 times both ends' one pixel (appliance/analysis/uncertainty.py). */
export const WIDTH_OFF_PX = 1.96 * Math.SQRT2;
const UNSTATED_SCALE_DECIMALS = 3;
const MOST_DECIMALS = 6;
const MORE_BESIDE_A_CUT = 2;

/** So many that the uncertainty shows one digit, two where it leads with 1. */
export function decimalsBeside(uncertainty: number, most = MOST_DECIMALS): number {
  if (uncertainty <= 0) return most;
  const decimals = decimalsOfLeading(uncertainty, most);
  // Documents hold one decimal more than is printed: 1.997 becomes 2.00 there, and both must lead with the same digit.
  const held = Number(rounded(uncertainty, decimals + 1));
  return held > 0 ? decimalsOfLeading(held, most) : decimals;
}

function decimalsOfLeading(uncertainty: number, most: number): number {
  const exponent = Math.floor(Math.log10(uncertainty));
  const leading = Number((uncertainty / 10 ** exponent).toFixed(6));
  return Math.max(0, Math.min(most, -exponent + (leading < 2 ? 1 : 0)));
}

/** As `decimalsBeside`, and so many more that no cut lies between a value and what is shown of it. */
export function decimalsOfValue(value: number, uncertainty: number | null, most: number, cuts: readonly Cut[] = []): number {
  const decimals = uncertainty === null ? most : decimalsBeside(uncertainty, most);
  for (let more = decimals; more < most + MORE_BESIDE_A_CUT; more++) {
    const shown = Number(rounded(value, more));
    if (cuts.every((cut) => isAbove(cut, shown) === isAbove(cut, value))) return more;
  }
  return cuts.length ? most + MORE_BESIDE_A_CUT : decimals;
}

/** A number with the digits that its uncertainty carries; an en dash where there is none. */
export function figureBeside(value: number | null | undefined, uncertainty: number | null, most: number, cuts: readonly Cut[] = []): string {
  return value === null || value === undefined ? figure(null) : figure(value, decimalsOfValue(value, uncertainty, most, cuts));
}

/** "± 0.5", or both ends where an even interval would reach below nothing: "(0 to 15)". */
export function intervalWords(value: number, off: number, decimals: number): string {
  if (value >= off) return t("figures.plus_minus", { off: figure(off, decimals) });
  return t("figures.between", { low: figure(0, decimals), high: figure(value + off, decimals) });
}

/** A width in micrometres, never on the other side of 20 or 50. */
export function widthFigure(um: number | null | undefined, umPerPx: number | null): string {
  return figureBeside(um, umPerPx === null ? null : WIDTH_OFF_PX * umPerPx, 1, CALIBRE_CUTS);
}

/** "22 µm"; in pixels without a scale; a dash without either. */
export function widthWords(um: number | null | undefined, px: number | null | undefined, umPerPx: number | null): string {
  if (um !== null && um !== undefined) return `${widthFigure(um, umPerPx)} µm`;
  return px === null || px === undefined ? figure(null) : `${figureBeside(px, WIDTH_OFF_PX, 1)} px`;
}

/** Of micrometres per pixel and of their uncertainty. */
export function scaleDecimals(uncertainty: number | null): number {
  return uncertainty ? decimalsBeside(uncertainty) : UNSTATED_SCALE_DECIMALS;
}

function isAbove([cut, belongsAbove]: Cut, value: number): boolean {
  return belongsAbove ? value >= cut : value > cut;
}
