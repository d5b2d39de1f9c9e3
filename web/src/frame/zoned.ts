// Date fields hold wall-clock text; these turn it into moments of a zone and back.

import { zoneOffset } from '$lib/format/zone';

/** A zone by its place: "Europe/Berlin" is Berlin. */
export function zoneName(timeZone: string): string {
  return (timeZone.split('/').at(-1) ?? timeZone).replaceAll('_', ' ');
}

/** Epoch ms → "2026-11-23T14:05" as a clock in the zone shows it. */
export function toInput(ms: number, timeZone: string): string {
  return new Date(ms + zoneOffset(ms, timeZone)).toISOString().slice(0, 16);
}

/** "2026-11-23T14:05" on a clock in the zone → epoch ms. */
export function fromInput(text: string, timeZone: string): number | undefined {
  const wall = Date.parse(`${text}Z`);
  if (!text || !Number.isFinite(wall)) return undefined;
  const first = wall - zoneOffset(wall, timeZone);
  return wall - zoneOffset(first, timeZone);
}
