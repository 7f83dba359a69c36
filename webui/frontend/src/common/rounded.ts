// One rounding for pages, paper and files (appliance/domain/honest_digits.py): `toFixed` makes "1.00" of 1.005.

/** With so many decimals as a person rounds what is written: a half always away from zero. */
export function rounded(value: number, decimals: number): string {
  const size = String(Math.abs(value));
  if (size.includes("e")) return value.toFixed(decimals);
  const shown = (Math.round(Number(`${size}e${decimals}`)) / 10 ** decimals).toFixed(decimals);
  return value < 0 && Number(shown) !== 0 ? `-${shown}` : shown;
}
