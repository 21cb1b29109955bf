// Follows a job over Server-Sent Events, for networks that let no WebSocket through. Reads the stream with fetch and not with
// EventSource, because that hides the answer's status, and 404 (gone) must not be treated like a broken line.
import { jobUrl, Problem, problemOf, randomKey, sendInput } from './api';
import type { Closing, Connect, ConnectionListener, Sent } from './connection';
import type { JobEvent } from './job';
import { fetchWithTicket } from './ticket';

export const connectSse: Connect = (jobId, after, listener) => {
  const abort = new AbortController();
  let over = false;
  /** One after the other, so that they arrive in order. */
  let sending = Promise.resolve();
  void follow(jobId, after, listener, abort.signal).then((closing) => {
    if (!over) listener.closed(closing);
  });
  return {
    close() {
      over = true;
      abort.abort();
    },
    send(message) {
      sending = sending.then(async () => {
        if (!over) await post(jobId, message, listener);
      });
    },
  };
};

/** Sends over plain HTTP what the WebSocket would carry; what does not arrive is sent again with the next connection. */
async function post(jobId: string, message: Sent, listener: ConnectionListener): Promise<void> {
  try {
    if (message.op === 'stdin') {
      await sendInput(jobId, 'stdin', message.d, `${message.from}-${message.n}`);
      listener.acknowledged(message.n);
    } else if (message.op === 'eof') {
      await sendInput(jobId, 'stdin?eof=true', '', randomKey());
    } else {
      await sendInput(jobId, 'signal', JSON.stringify({ signal: message.signal }), randomKey());
    }
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    if (error.status >= 400 && error.status < 500) listener.refused(error.message);
  }
}

async function follow(jobId: string, after: string | undefined, listener: ConnectionListener, signal: AbortSignal): Promise<Closing> {
  let opened = false;
  try {
    const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`;
    const response = await fetchWithTicket(`${jobUrl(jobId)}/events${query}`, {
      headers: { Accept: 'text/event-stream' },
      cache: 'no-store',
      signal,
    });
    if (response.status === 404 || response.status === 410) return { why: 'gone' };
    if (response.status === 401 || response.status === 403) return { why: 'forbidden' };
    if (!response.ok || !response.body) {
      const { retryAfterS } = await problemOf(response);
      return { why: 'lost', opened, retryAfterMs: retryAfterS === undefined ? undefined : retryAfterS * 1000 };
    }
    opened = true;
    listener.opened();
    const messages = new SseParser();
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { why: 'lost', opened };
      const events = messages.push(decoder.decode(value, { stream: true })).flatMap(parse);
      if (signal.aborted) return { why: 'lost', opened };
      listener.events(events);
      if (events.some((event) => event.k === 'end')) return { why: 'complete' };
    }
  } catch {
    return { why: 'lost', opened };
  }
}

function parse(data: string): JobEvent[] {
  try {
    return [JSON.parse(data) as JobEvent];
  } catch {
    return [];
  }
}

/** Cuts a stream of text into the `data` of its messages (HTML standard, 9.2.6); other fields and comments are passed over. */
export class SseParser {
  private rest = '';
  private data: string[] = [];

  push(text: string): string[] {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? '';
    const messages: string[] = [];
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) messages.push(this.data.join('\n'));
        this.data = [];
      } else if (line.startsWith('data:')) {
        this.data.push(line.slice(line[5] === ' ' ? 6 : 5));
      }
    }
    return messages;
  }
}
