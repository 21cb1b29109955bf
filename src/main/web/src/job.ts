// The server's data as the page sees it: jobs, their specs and the events of their logs. Fields the page does not use are left out;
// fields it does not know are ignored.

export type Status = 'QUEUED' | 'RUNNING' | 'DONE' | 'ERROR' | 'CANCELLED';

export interface Job {
  id: string;
  status: Status;
  outcome?: string | null;
  exit_code?: number | null;
  signal?: string | null;
  message?: string | null;
  error?: { code: string; detail?: string } | null;
  limits_hit?: string[];
  usage?: { wall_ms?: number; cpu_ms?: number; memory_peak_bytes?: number; queued_ms?: number } | null;
  queue?: { position?: number; estimated_start_ms?: number } | null;
  stack?: unknown;
  files?: CollectedFile[];
  stdout?: string;
  stderr?: string;
  started_at?: string | null;
  expires_at?: string | null;
}

/** A file that a job hands back. */
export interface CollectedFile {
  path: string;
  size_bytes: number;
  media_type: string;
  url: string;
}

export interface JobFile {
  path: string;
  content?: string;
  content_base64?: string;
}

/** A request as `POST /v1/jobs` takes it and as `GET /v1/jobs/{id}/spec` gives it back. */
export interface Spec {
  source?: string;
  files?: JobFile[];
  entry?: string;
  stdin?: string;
  stdin_base64?: string;
  args?: string[];
  env?: Record<string, string>;
  runtime?: string;
  limits?: Record<string, number>;
  collect?: string[];
  interactive?: boolean;
}

/** One line of a job's log. `t` is milliseconds since the start it belongs to. */
export interface JobEvent {
  id: string;
  k: string;
  t?: number;
  d?: string;
  job?: Job;
}

export function isTerminal(status: Status): boolean {
  return status === 'DONE' || status === 'ERROR' || status === 'CANCELLED';
}

/** Whether event id `a` comes after `b`. Ids are `<fence>-<n>`: two numbers, compared in order; nothing is before everything. */
export function isAfter(a: string, b: string | undefined): boolean {
  if (b === undefined) return true;
  const [fenceA, nA] = numbers(a);
  const [fenceB, nB] = numbers(b);
  return fenceA === fenceB ? nA > nB : fenceA > fenceB;
}

function numbers(id: string): [number, number] {
  const [fence, n] = id.split('-');
  return [Number(fence), Number(n)];
}
