// The calls of the HTTP contract that the page makes. Whatever goes wrong comes out as one Problem with words for a person.
import type { Job, Spec } from './job';
import { t } from './texts';
import { fetchWithTicket } from './ticket';

const SEND_ATTEMPTS = 3;

/** Why a call failed. `status` is 0 when no answer came at all. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: readonly string[] = [],
    readonly retryAfterS?: number,
  ) {
    super(message);
  }
}

/**
 * Queues a job. When no answer comes it is sent again under the same Idempotency-Key, so a connection that breaks at the wrong
 * moment never makes two jobs.
 */
export async function createJob(spec: Spec): Promise<Job> {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomKey() };
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await send('/v1/jobs', { method: 'POST', headers, body: JSON.stringify(spec) });
      return (await response.json()) as Job;
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 0 || attempt === SEND_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 400 * attempt));
    }
  }
}

export async function getJob(id: string): Promise<Job> {
  return (await (await send(jobUrl(id))).json()) as Job;
}

/** The request behind a job, and how far the server's clock is ahead of ours, good to about a second. */
export async function getSpec(id: string): Promise<{ spec: Spec; clockAheadMs: number }> {
  const response = await send(`${jobUrl(id)}/spec`);
  const date = Date.parse(response.headers.get('Date') ?? '');
  return {
    spec: (await response.json()) as Spec,
    clockAheadMs: Number.isNaN(date) ? 0 : date + 500 - Date.now(),
  };
}

/** A file's text. */
export async function getText(url: string): Promise<string> {
  return (await send(url)).text();
}

export async function cancelJob(id: string): Promise<void> {
  await send(jobUrl(id), { method: 'DELETE' });
}

export interface Runtime {
  name: string;
  description: string;
  implementation: string;
  version: string;
  packages: Record<string, string>;
}

export async function getRuntimes(): Promise<{ default: string; runtimes: Runtime[] }> {
  return (await (await send('/v1/runtimes')).json()) as { default: string; runtimes: Runtime[] };
}

/** How large a request may be. */
export interface Caps {
  program_bytes: number;
  stdin_bytes: number;
  files: number;
}

export async function getLimits(): Promise<{ request: Caps }> {
  return (await (await send('/v1/limits')).json()) as { request: Caps };
}

export function jobUrl(id: string): string {
  return `/v1/jobs/${encodeURIComponent(id)}`;
}

export async function send(url: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetchWithTicket(url, { cache: 'no-store', ...init });
  } catch {
    throw new Problem(0, t.unreachable);
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** Reads an RFC 9457 problem; an answer that is none (a proxy's page, say) gets plain words by its status. */
export async function problemOf(response: Response): Promise<Problem> {
  const retryAfterS = seconds(response.headers.get('Retry-After'));
  let body: { title?: unknown; detail?: unknown; errors?: unknown } = {};
  try {
    body = ((await response.json()) as typeof body | null) ?? {};
  } catch {
    // Not JSON: the words below serve.
  }
  const words = [body.detail, body.title].find((text): text is string => typeof text === 'string' && text !== '');
  const errors = Array.isArray(body.errors) ? (body.errors as { pointer?: string; detail?: string }[]) : [];
  const fields = errors.map(({ pointer, detail }) => [pointer, detail].filter(Boolean).join(': '));
  return new Problem(response.status, words ?? t.serverStatus(response.status), fields, retryAfterS);
}

/** `Retry-After` as seconds from now; the header is a number of seconds or a date (RFC 9110, 10.2.3). */
function seconds(header: string | null): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - Date.now()) / 1000));
}

/** Sends a running program input or a signal. `key` makes a repeat safe. */
export async function sendInput(id: string, path: string, body: string, key: string): Promise<void> {
  await send(`${jobUrl(id)}/${path}`, { method: 'POST', headers: { 'Idempotency-Key': key }, body });
}

/** Not `crypto.randomUUID`: browsers offer that on HTTPS only, and the page is often served by plain HTTP in a private network. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
