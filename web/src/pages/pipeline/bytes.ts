import { digits } from '$lib/format/locale';

const NARROW = '\u202f';

/** 1536 → "1.5 KiB". */
export function bytes(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let at = 0;
  let size = Math.abs(value);
  while (size >= 1024 && at < units.length - 1) {
    size /= 1024;
    at++;
  }
  return `${at === 0 || size >= 100 ? Math.round(size) : digits(size, 1, 1)}${NARROW}${units[at]}`;
}
