// Many runs of one program at once, each with an input of its own: the calls of /v1/batches.
import { Problem, problemOf, randomKey, send } from './api';
import { delayAfter } from './feed';
import type { Job, Spec } from './job';
import { SseParser } from './sse';
import { fetchWithTicket } from './ticket';

export interface BatchCase {
  stdin: string;
  expect?: { stdout: string; compare: string };
}

/** One job of a batch, as far as the table needs it. */
export interface BatchEntry extends Partial<Job> {
  index: number;
  matched?: boolean;
  /** Why there is no such job. */
  problem?: { detail?: string };
}

export async function createBatch(program: Spec, cases: BatchCase[]): Promise<{ id: string; jobs: BatchEntry[] }> {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomKey() };
  const response = await send('/v1/batches', { method: 'POST', headers, body: JSON.stringify({ program, cases }) });
  return (await response.json()) as { id: string; jobs: BatchEntry[] };
}

export async function cancelBatch(id: string): Promise<void> {
  await send(batchUrl(id), { method: 'DELETE' });
}

/** Tells of each end, also of those that were before, through lost connections; done when all have ended. A job can be told of twice. */
export async function followBatch(id: string, tell: (entry: BatchEntry) => void): Promise<void> {
  for (let failures = 0; ; failures++) {
    if (failures > 0) await new Promise((resolve) => setTimeout(resolve, delayAfter(failures)));
    try {
      const response = await fetchWithTicket(`${batchUrl(id)}/events`, { headers: { Accept: 'text/event-stream' }, cache: 'no-store' });
      if (response.status >= 400 && response.status < 500) throw await problemOf(response);
      if (response.ok && response.body && (await read(response.body, tell))) return;
    } catch (error) {
      if (error instanceof Problem) throw error;
      // The connection is lost: it is opened again.
    }
  }
}

/** True when the stream has told that all have ended. */
async function read(body: ReadableStream<Uint8Array<ArrayBuffer>>, tell: (entry: BatchEntry) => void): Promise<boolean> {
  const messages = new SseParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return false;
    for (const data of messages.push(decoder.decode(value, { stream: true }))) {
      const message = JSON.parse(data) as BatchEntry | { ended: true };
      if ('ended' in message) return true;
      tell(message);
    }
  }
}

function batchUrl(id: string): string {
  return `/v1/batches/${encodeURIComponent(id)}`;
}
