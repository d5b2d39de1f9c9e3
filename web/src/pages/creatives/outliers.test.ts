import { describe, expect, it } from 'vitest';
import type { Insight } from '$lib/api/insight';
import { outliers } from './outliers';

const row = (entity: string, kind: string, evidence: object = {}): Insight => ({ entity, kind, estimate: 0.2, low: 0.1, high: 0.3, n: 200, basis: 'randomised', evidence });

describe('pictures out of the ordinary', () => {
  it('are listed once, with what leads and without what follows from it', () => {
    const found = outliers([
      row('a', 'clickbait', { ratio_to_siblings: { estimate: 2.456, low: 2, high: 3 }, completion_given_take: [0.05, 0.01, 0.1] }),
      row('b', 'take_down'),
      row('a', 'take_up', { alarm: true }),
      row('a', 'effective_down'),
    ]);
    expect(found.map((o) => [o.id, o.reasons, o.tone, o.alarm])).toEqual([
      ['a', ['Clickbait', 'Fewer watch to the end'], 'bad', true],
      ['b', ['Taken less'], 'bad', false],
    ]);
    expect(found[0]?.because).toBe('2.46 × its siblings · 5.0% of takers complete');
  });

  it('keeps what a newer server may say, last', () => {
    const [o] = outliers([row('a', 'seen_twice', { seen: 2 }), row('a', 'hidden_gem')]);
    expect(o?.reasons).toEqual(['Hidden gem', 'seen twice']);
    expect(outliers([row('x', 'seen_twice', { seen: 2 })])[0]).toMatchObject({ reasons: ['seen twice'], tone: 'plain', because: 'seen 2' });
  });
});
