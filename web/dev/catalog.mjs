// An invented catalogue for the fixture server, with art drawn from a hue.

const FIRST = ['Salt', 'The Quiet', 'Northern', 'Paper', 'A Winter in', 'Glass', 'Seven', 'The Last', 'Copper', 'Midnight', 'Under', 'Little', 'Iron', 'The Cartographer of', 'Blue'];
const SECOND = ['Harbour', 'Orchard', 'Signal', 'Lanterns', 'Trieste', 'Meridian', 'Sparrows', 'Ferry', 'Kingdom', 'Engines', 'the Ice', 'Saints', 'Parallel', 'Small Hours', 'Horses'];
const GENRES = ['Drama', 'Thriller', 'Comedy', 'Documentary', 'Crime', 'Science fiction', 'Romance', 'Animation'];
const CAST = ['Ada Lindqvist', 'Tomás Ferreira', 'Mei Okafor', 'Jonas Hale', 'Priya Raman', 'Lena Kowalski', 'Sami Haddad', 'Nora Whitfield'];
const THEMES = ['family secrets', 'the sea', 'small town', 'second chances', 'heist', 'coming of age', 'obsession'];

export function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function catalogue(n, long) {
  const out = [];
  for (let i = 0; i < n; i++) {
    const r = random(i + 11);
    const pick = (list) => list[Math.floor(r() * list.length)];
    const some = (list, k) => [...list].sort(() => r() - 0.5).slice(0, k);
    const name = long && i % 3 === 0
      ? 'The Extraordinarily Long and Winding Chronicle of the Lighthouse Keeper’s Second Daughter, Part ' + (i + 1)
      : `${FIRST[i % FIRST.length]} ${SECOND[(i * 7 + Math.floor(i / 15)) % SECOND.length]}`;
    out.push({
      id: `t${String(i + 1).padStart(3, '0')}`,
      name,
      kind: r() < 0.6 ? 'movie' : 'series',
      year: 2012 + Math.floor(r() * 15),
      runtime_ms: Math.round((24 + r() * 100) * 60_000),
      genres: some(GENRES, 2),
      themes: some(THEMES, 3),
      cast: some(CAST, 4),
      hue: Math.floor(r() * 360),
      launched: '2026-10-01',
      creatives: [{ id: 'c1', kind: 'poster', image: '' }],
      weight: 1 / (i + 1.5) ** 0.8,
      mood: pick([0, 1, 2]),
    });
  }
  return out;
}

export function art(title, kind) {
  const [w, h] = kind === 'still' ? [320, 180] : [200, 300];
  const r = random(title.hue * 7 + w);
  const hue = title.hue;
  const shapes = [];
  for (let i = 0; i < 4; i++) {
    const x = r() * w, y = h * (0.25 + r() * 0.6), size = w * (0.2 + r() * 0.5);
    shapes.push(
      title.mood === 0
        ? `<circle cx="${x}" cy="${y}" r="${size / 2}" fill="hsl(${hue + i * 22} 60% ${30 + i * 9}%)" opacity=".75"/>`
        : title.mood === 1
          ? `<path d="M${x} ${y - size}L${x + size} ${h}H${x - size}Z" fill="hsl(${hue + i * 18} 45% ${20 + i * 9}%)" opacity=".85"/>`
          : `<rect x="${x - size / 2}" y="${y - size}" width="${size * 0.6}" height="${h}" fill="hsl(${hue + i * 26} 50% ${22 + i * 8}%)" opacity=".8"/>`,
    );
  }
  const words = title.name.split(' ').slice(0, 4);
  const text = words.map((word, i) => `<text x="${w * 0.07}" y="${h - 14 - (words.length - 1 - i) * (w * 0.105)}" font-family="Georgia,serif" font-size="${w * 0.095}" fill="#fff">${word}</text>`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}"><defs><linearGradient id="g" x2="0" y2="1"><stop stop-color="hsl(${hue + 30} 55% 62%)"/><stop offset="1" stop-color="hsl(${hue} 55% 14%)"/></linearGradient></defs><rect width="${w}" height="${h}" fill="url(#g)"/><circle cx="${w * 0.7}" cy="${h * 0.24}" r="${w * 0.13}" fill="hsl(${hue + 45} 90% 85%)" opacity=".9"/>${shapes.join('')}${text}</svg>`;
}
