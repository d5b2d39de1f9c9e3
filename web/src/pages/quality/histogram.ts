// How a volume is spread over values.

export interface Bin {
  from: number;
  to: number;
  /** Of the whole volume. */
  share: number;
}

const STEPS = [1, 2, 2.5, 5, 10];

/** Bins of a round width, at most `most`; what is far out is in the last one. */
export function histogram(points: readonly { value: number; weight: number }[], most: number): Bin[] {
  const known = points.filter((p) => p.weight > 0).sort((a, b) => a.value - b.value);
  const total = known.reduce((sum, p) => sum + p.weight, 0);
  if (total <= 0) return [];
  // The last hundredth would stretch the scale until nothing can be read.
  let sum = 0;
  const top = known.find((p) => (sum += p.weight) >= total * 0.99)?.value ?? 0;
  const low = known[0]?.value ?? 0;
  const width = niceWidth((top - Math.min(low, top)) / (most - 1) || Math.abs(top) / most || 1);
  const first = Math.floor(low / width);
  const count = Math.min(most, Math.floor(top / width) - first + 1);
  const bins = Array.from({ length: Math.max(1, count) }, (_, i) => ({ from: (first + i) * width, to: (first + i + 1) * width, share: 0 }));
  for (const p of known) {
    const bin = bins[Math.max(0, Math.min(bins.length - 1, Math.floor(p.value / width) - first))];
    if (bin) bin.share += p.weight / total;
  }
  const last = bins.at(-1);
  const far = known.at(-1)?.value ?? 0;
  if (last && far > last.to) last.to = far;
  return bins;
}

function niceWidth(width: number): number {
  const power = 10 ** Math.floor(Math.log10(width));
  return power * (STEPS.find((s) => s * power >= width * 0.999) ?? 10);
}
