// A question to the API as a program would ask it: for a terminal, for a file.

export interface Call {
  /** With its query, without the origin. */
  path: string;
  /** What is posted; none is a GET. */
  body?: unknown;
}

/** The question for a terminal; the key is the reader's to fill in. */
export function asCurl(origin: string, call: Call): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const lines = [`curl -s ${/[?&']/.test(call.path) ? quoted(origin + call.path) : origin + call.path}`, `-H "Authorization: Bearer $READ_TOKEN"`];
  if (call.body !== undefined) lines.push('-H "Content-Type: application/json"', `-d ${quoted(JSON.stringify(call.body, null, 2))}`);
  return lines.join(' \\\n  ');
}

/** The same question, answered as a file. */
export function asFile(call: Call, format: 'csv' | 'parquet'): Call {
  return { ...call, path: `${call.path}${call.path.includes('?') ? '&' : '?'}format=${format}` };
}
