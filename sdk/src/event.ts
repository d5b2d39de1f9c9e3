/** An event of the native format. JSON leaves out what is undefined and writes NaN as null: both mean absent. */
export interface Event {
  type: string;
  time: number;
  [field: string]: unknown;
}

export const now = (): number => Date.now();

/** 128 random bits; crypto.randomUUID is missing on pages without TLS. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => (b + 256).toString(16).slice(1)).join('');
}

/** What f returns, or nothing: storage may be blocked, empty or full, and then memory has to do. */
export function attempt<T>(f: () => T): T | undefined {
  try {
    return f();
  } catch (_) {
    return undefined;
  }
}

/** The anonymous id of this browser, where the page asked for one to be kept. */
export function keptId(how: boolean | 'cookie' | undefined): string | undefined {
  if (!how) return undefined;
  const cookie = how === 'cookie';
  return attempt(() => {
    const kept = cookie ? /(?:^|; )playhead=(\w+)/.exec(document.cookie) : [0, localStorage.playhead];
    const id = (kept && kept[1]) || randomId();
    if (cookie) document.cookie = `playhead=${id};path=/;max-age=31536000;samesite=lax${isSecureContext ? ';secure' : ''}`;
    else localStorage.playhead = id;
    return id;
  });
}
