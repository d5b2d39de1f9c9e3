// Date fields hold wall-clock text; these turn it into moments of a zone and back.

/** A zone by its place: "Europe/Berlin" is Berlin. */
export function zoneName(timeZone: string): string {
  return (timeZone.split('/').at(-1) ?? timeZone).replaceAll('_', ' ');
}

/** Offset of a zone from UTC at a moment, ms. */
function offset(ms: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms);
  const get = (type: string): number => Number(parts.find((p) => p.type === type)?.value ?? 0);
  const wall = Date.UTC(get('year'), get('month') - 1, get('day'), get('hour'), get('minute'), get('second'));
  return wall - Math.floor(ms / 1000) * 1000;
}

/** Epoch ms → "2026-11-23T14:05" as a clock in the zone shows it. */
export function toInput(ms: number, timeZone: string): string {
  return new Date(ms + offset(ms, timeZone)).toISOString().slice(0, 16);
}

/** "2026-11-23T14:05" on a clock in the zone → epoch ms. */
export function fromInput(text: string, timeZone: string): number | undefined {
  const wall = Date.parse(`${text}Z`);
  if (!text || !Number.isFinite(wall)) return undefined;
  const first = wall - offset(wall, timeZone);
  return wall - offset(first, timeZone);
}
