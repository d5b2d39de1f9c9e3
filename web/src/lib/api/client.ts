// Requests to the API: same origin, cookie or bearer token, problem details.

import { asFile, type Call } from './call';
import { readEvents } from './sse';
import type { Query, Table } from './types';

const TOKEN = 'playhead-token';

/** What went wrong, in words for the reader. */
export class ApiError extends Error {
  constructor(
    /** HTTP status; 0 when the server could not be reached. */
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail ? `${title}: ${detail}` : title);
  }
}

export function token(): string | null {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

export function keepToken(value: string | null): void {
  try {
    if (value) sessionStorage.setItem(TOKEN, value);
    else sessionStorage.removeItem(TOKEN);
  } catch {
    // Storage is switched off: only the cookie can sign this browser in.
  }
}

function headers(extra: Record<string, string> = {}): Record<string, string> {
  const bearer = token();
  return bearer ? { ...extra, Authorization: `Bearer ${bearer}` } : extra;
}

/** Called on each 401; set once by the frame. */
export const unauthorised: { handler: () => void } = { handler: () => {} };

async function request(path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: 'same-origin', ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'The server cannot be reached', 'It may be restarting, or the network is down.');
  }
  if (response.ok) return response;
  if (response.status === 401) unauthorised.handler();
  throw await problem(response);
}

async function problem(response: Response): Promise<ApiError> {
  let title = response.statusText || `HTTP ${response.status}`;
  let detail = '';
  try {
    const body = (await response.json()) as { title?: string; detail?: string; errors?: { message?: string }[] };
    title = body.title ?? title;
    detail = body.detail ?? '';
    const more = body.errors?.map((e) => e.message).filter(Boolean);
    if (more?.length) detail = [detail, ...more].filter(Boolean).join('; ');
  } catch {
    // Not a problem document: the status line has to do.
  }
  return new ApiError(response.status, title, detail);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const response = await request(path, { headers: headers({ Accept: 'application/json' }), signal: signal ?? null });
  return (await response.json()) as T;
}

export async function post(path: string): Promise<void> {
  await request(path, { method: 'POST', headers: headers() });
}

/** Sends a change and returns what the server says of it; undefined when it says nothing. */
export async function send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T | undefined> {
  const response = await request(path, {
    method,
    headers: headers({ Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return response.status === 204 ? undefined : ((await response.json()) as T);
}

export async function query(body: Query, signal?: AbortSignal): Promise<Table> {
  const response = await request('/api/v1/query', {
    method: 'POST',
    headers: headers({ 'Content-Type': 'application/json', Accept: 'application/json' }),
    body: JSON.stringify(body),
    signal: signal ?? null,
  });
  const table = (await response.json()) as Table;
  return { columns: table.columns ?? [], rows: table.rows ?? [], meta: table.meta ?? {} };
}

/** The answer to a question as a file: what comes back is not JSON. */
export async function file(call: Call, format: 'csv' | 'parquet'): Promise<Blob> {
  const { path, body } = asFile(call, format);
  const response = await request(path, {
    headers: headers(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  });
  return response.blob();
}

export interface Subscription {
  close(): void;
}

export interface StreamHandlers<T> {
  open?(): void;
  message(value: T): void;
  /** The stream broke; it is tried again after a pause. */
  lost?(error: ApiError): void;
}

/** How long a stream may say nothing before it is taken to be dead, ms. */
const QUIET = 20_000;

/**
 * Reads a server-sent stream for as long as it is open, reconnecting with a
 * growing pause. Not EventSource, which cannot carry a bearer token.
 */
export function stream<T>(path: string, handlers: StreamHandlers<T>, quiet = QUIET): Subscription {
  const closed = new AbortController();
  void (async () => {
    for (let attempt = 0; !closed.signal.aborted; attempt++) {
      const started = Date.now();
      try {
        await once(path, handlers, closed.signal, quiet);
      } catch (error) {
        if (closed.signal.aborted) return;
        handlers.lost?.(error instanceof ApiError ? error : new ApiError(0, 'The stream broke', ''));
      }
      if (Date.now() - started > 10_000) attempt = 0;
      await pause(Math.min(8000, 500 * 2 ** attempt), closed.signal);
    }
  })();
  return { close: () => closed.abort() };
}

async function once<T>(path: string, handlers: StreamHandlers<T>, closed: AbortSignal, quiet: number): Promise<void> {
  const attempt = new AbortController();
  const stop = (): void => attempt.abort();
  closed.addEventListener('abort', stop, { once: true });
  let watchdog = setTimeout(stop, quiet);
  try {
    const response = await request(path, { headers: headers({ Accept: 'text/event-stream' }), signal: attempt.signal });
    if (!response.body) throw new ApiError(0, 'The stream has no body', '');
    handlers.open?.();
    await readEvents(
      response.body,
      (data) => handlers.message(JSON.parse(data) as T),
      () => {
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, quiet);
      },
    );
    throw new ApiError(0, 'The stream ended', '');
  } finally {
    clearTimeout(watchdog);
    closed.removeEventListener('abort', stop);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
