/** How far each label moves (px) so that none is nearer to its neighbour than `gap`, inside [0, limit]. */
export function spread(at: readonly number[], gap: number, limit: number): number[] {
  const order = at.map((y, i) => ({ y, i })).sort((a, b) => a.y - b.y);
  const placed: number[] = [];
  for (const { y } of order) placed.push(Math.max(y, (placed.at(-1) ?? -Infinity) + gap));
  let ceiling = limit;
  for (let k = placed.length - 1; k >= 0; k--) {
    placed[k] = Math.min(placed[k] ?? 0, ceiling);
    ceiling = (placed[k] ?? 0) - gap;
  }
  const out = new Array<number>(at.length).fill(0);
  order.forEach(({ y, i }, k) => (out[i] = (placed[k] ?? y) - y));
  return out;
}
