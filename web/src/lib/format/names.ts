// Names of dimension values that are codes.

const regions = new Intl.DisplayNames(['en'], { type: 'region' });

/** "US" → "United States"; anything else is returned as it is. */
export function countryName(code: string): string {
  if (code === '') return 'Unknown';
  if (!/^[A-Za-z]{2}$/.test(code)) return code;
  try {
    return regions.of(code.toUpperCase()) ?? code;
  } catch {
    return code;
  }
}

const languages = new Intl.DisplayNames(['en'], { type: 'language' });

/** "de" → "German"; anything that is no code is returned as a sentence begins. */
export function languageName(code: string): string {
  if (!/^[a-z]{2,3}(-[A-Za-z]{2,4})?$/.test(code)) return sentence(code);
  try {
    return languages.of(code) ?? code;
  } catch {
    return code;
  }
}

const DEVICES: Record<string, string> = {
  tv: 'TV',
  phone: 'Phone',
  mobile: 'Mobile',
  tablet: 'Tablet',
  desktop: 'Desktop',
  computer: 'Computer',
  web: 'Web',
  console: 'Console',
  settop: 'Set-top box',
  set_top_box: 'Set-top box',
};

/** "tv" → "TV". */
export function deviceName(type: string): string {
  if (type === '') return 'Unknown';
  return DEVICES[type] ?? type.charAt(0).toUpperCase() + type.slice(1).replaceAll('_', ' ');
}

/** "science fiction" → "Science fiction". */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
