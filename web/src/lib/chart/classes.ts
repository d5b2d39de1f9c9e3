// Few classes with round borders, for maps.

/** Borders of five classes over (0, most]: round, growing by about ×3. */
export function breaks(most: number): number[] {
  const top = Math.max(5, most);
  return [1, 1 / 3, 1 / 10, 1 / 30]
    .map((share) => nice(top * share * 0.6))
    .reverse()
    .reduce<number[]>((out, value) => (value > (out.at(-1) ?? 0) ? [...out, value] : out), []);
}

/** Class of a value: 0 for none, then 1 … borders.length + 1. */
export function classOf(value: number, borders: readonly number[]): number {
  if (value <= 0) return 0;
  return 1 + borders.filter((border) => value >= border).length;
}

/** The 1-2-5 number at or below a value, at least 1. */
function nice(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const lead = (value / power) * (1 + 1e-9);
  return (lead >= 5 ? 5 : lead >= 2 ? 2 : 1) * power;
}
