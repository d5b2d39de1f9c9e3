// Server-sent events out of a byte stream.

/** Splits text into events' data; keeps what is unfinished between calls. */
export class EventParser {
  #rest = '';

  /** Takes a piece of the stream and returns the data of each event it completes. */
  push(text: string): string[] {
    this.#rest += text;
    const out: string[] = [];
    for (;;) {
      const end = /\r?\n\r?\n/.exec(this.#rest);
      if (!end) return out;
      const block = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const data = dataOf(block);
      if (data !== null) out.push(data);
    }
  }
}

function dataOf(block: string): string | null {
  const lines = block
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(line.startsWith('data: ') ? 6 : 5));
  return lines.length ? lines.join('\n') : null;
}

/** Reads a body to its end; `alive` is called for every piece, comments included. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  message: (data: string) => void,
  alive: () => void,
): Promise<void> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    for (const data of parser.push(decoder.decode(value, { stream: true }))) message(data);
  }
}
