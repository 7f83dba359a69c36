// Measurements and scales in the operator's words.

import { scaleDecimals } from "../common/honest_digits";
import { figure, t } from "../common/i18n";
import type { Combined, Measurement } from "./protocol";

/** A scale to the digits of its uncertainty; alone where nobody measured how uncertain it is. */
export function scaleWords(umPerPx: number, uncertainty: number | null): [string] | [string, string] {
  const decimals = scaleDecimals(uncertainty);
  if (uncertainty === null) return [figure(umPerPx, decimals)];
  return [figure(umPerPx, decimals), figure(uncertainty, decimals)];
}

/** Name and value of each line about a measurement. */
export function measurementWords(measured: Measurement): [string, string][] {
  const length = figure(measured.length_um / 1000, 3);
  const found = [
    measured.graduations === null
      ? t("calibration.between_points", { length })
      : t("calibration.found_value", { count: measured.graduations, length }),
    measured.hidden ? t("calibration.found_hidden", { count: measured.hidden }) : "",
    measured.long_mark_every ? t("calibration.long_marks", { every: measured.long_mark_every }) : "",
  ];
  return [
    [t("calibration.found"), found.filter(Boolean).join(", ")],
    [t("calibration.axis"), `${measured.axis}, ${t("calibration.turned", { angle: figure(Math.abs(measured.angle_deg), 1) })}`],
    [t("calibration.axis_scale"), `${scaleWords(measured.um_per_px, measured.uncertainty_um_per_px).join(" ± ")} µm/px`],
  ];
}

/** What the width of the picture says about the scale. */
export function hintWords({ hint }: Combined): string {
  const millimetres = (um: number) => figure(um / 1000, 2);
  return t(`calibration.hint_${hint.plausibility}`, {
    field: millimetres(hint.field_um),
    known: hint.known_um === null ? "" : millimetres(hint.known_um),
    source: hint.source,
  });
}

/** Both axes beside each other. */
export function axesWords(scale: Combined): string {
  const one = (value: number | null) => (value === null ? t("calibration.not_measured") : `${figure(value, scaleDecimals(scale.uncertainty_um_per_px))} µm/px`);
  return `${t("calibration.along_x")}: ${one(scale.um_per_px_x)}. ${t("calibration.along_y")}: ${one(scale.um_per_px_y)}.`;
}
