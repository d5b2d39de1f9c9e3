// Which of the app versions is the new one.

/** Orders "8.4.10" after "8.4.9"; words in it compare as text. */
export function compareVersions(a: string, b: string): number {
  const parts = (v: string): string[] => v.split(/[.\-+_ ]/);
  const [x, y] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [m, n] = [x[i] ?? '', y[i] ?? ''];
    const less = /^\d+$/.test(m) && /^\d+$/.test(n) ? Number(m) - Number(n) : m.localeCompare(n);
    if (less !== 0) return less;
  }
  return 0;
}

/** The highest version with enough plays to say anything: a hundred, or what there is. */
export function newest(versions: readonly string[], plays: ReadonlyMap<string, number>): string | undefined {
  const sorted = [...versions].sort((a, b) => compareVersions(b, a));
  return sorted.find((v) => (plays.get(v) ?? 0) >= 100) ?? sorted[0];
}
