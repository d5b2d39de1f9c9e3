// What leaves a chart: CSV with exact values, PNG with the page's background.

export interface Sheet {
  columns: string[];
  rows: (string | number | null)[][];
}

/** RFC 4180, with formulas of spreadsheets defused. */
export function csv(sheet: Sheet): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    if (typeof value === 'number') return String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return [sheet.columns, ...sheet.rows].map((row) => row.map(cell).join(',')).join('\r\n') + '\r\n';
}

/** "Top titles, 7 days" → "playhead-top-titles-7-days". */
export function fileName(title: string): string {
  return `playhead-${title.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')}`;
}

export function save(href: string, name: string): void {
  const link = document.createElement('a');
  link.href = href;
  link.download = name;
  link.click();
}

/** What a style sheet says of a shape, and a picture by itself has to say. */
const PAINTED = ['fill', 'stroke', 'stroke-width', 'opacity'] as const;

/** A drawing as a PNG, as it looks on the page, twice as large: its data URL. */
export async function pictureOf(svg: SVGSVGElement, background: string): Promise<string> {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const shapes = [...copy.querySelectorAll<SVGElement>('*')];
  [...svg.querySelectorAll('*')].forEach((shape, i) => {
    const style = getComputedStyle(shape);
    for (const name of PAINTED) shapes[i]?.setAttribute(name, style.getPropertyValue(name));
  });
  const { width, height } = svg.getBoundingClientRect();
  copy.setAttribute('width', String(width));
  copy.setAttribute('height', String(height));
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [Math.round(width * 2), Math.round(height * 2)];
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no canvas to draw the picture on');
  context.fillStyle = background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png');
}

/** Saves bytes as a file. */
export function saveBlob(blob: Blob, name: string): void {
  const href = URL.createObjectURL(blob);
  save(href, name);
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}

export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type }), name);
}
