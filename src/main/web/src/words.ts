// Puts a job's state into plain words. Pure: a job in, words out.
import type { Job } from './job';
import { t } from './texts';

/** How the state looks: shape and colour. */
export type Tone = 'idle' | 'waiting' | 'running' | 'input' | 'good' | 'bad' | 'limit' | 'cancelled' | 'system';

export interface Words {
  tone: Tone;
  /** The state at a glance. */
  title: string;
  /** What else is worth a sentence; often nothing. */
  detail: string;
}

export function describe(job: Job): Words {
  switch (job.status) {
    case 'QUEUED': {
      const place = job.queue?.position;
      return { tone: 'waiting', title: place ? t.queuedAt(place) : t.queued, detail: startsIn(job) };
    }
    case 'RUNNING':
      return { tone: 'running', title: t.running, detail: '' };
    case 'DONE':
      return describeDone(job);
    case 'CANCELLED':
      return { tone: 'cancelled', title: said(job) || t.cancelled, detail: used(job) };
    case 'ERROR':
      return {
        tone: 'system',
        title: t.systemFailed,
        detail: t.systemFailedDetail(job.error?.detail || job.message || '', job.error?.code ?? ''),
      };
  }
}

function describeDone(job: Job): Words {
  const hits = job.limits_hit?.length && t.showsServerSentences ? (job.message ?? '') : '';
  switch (job.outcome) {
    case 'OK':
      return { tone: 'good', title: t.finished(measured(job, t.inTime)), detail: hits };
    case 'RUNTIME_ERROR': {
      const lacks = missing(job);
      const detail = lacks ? t.moduleIsIn(lacks.module, lacks.runtime) : hits;
      return { tone: 'bad', title: t.exitCode(String(job.exit_code ?? '?'), measured(job, t.afterTime)), detail };
    }
    case 'SIGNALED':
      return { tone: 'bad', title: said(job) || t.signaled(job.signal ?? ''), detail: used(job) };
    default: {
      // "Stopped after 5.0 s of CPU time, the limit: what to do about it."
      const [title, advice = ''] = said(job).split(/: (.*)/s);
      const detail = [advice ? `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.` : '', used(job)].filter(Boolean).join(' ');
      return { tone: 'limit', title: title || t.limit[job.outcome ?? ''] || t.finished(''), detail };
    }
  }
}

/** The module that the program lacked, and a runtime that has it, where the server knows one. */
export function missing(job: Job): { module: string; runtime: string } | undefined {
  const [, module, runtimes] = /The module (\S+) is in the runtime (.+)\.$/.exec(job.message ?? '') ?? [];
  const runtime = runtimes?.split(', ')[0];
  return module && runtime ? { module, runtime } : undefined;
}

/** What an interactive program looks like that reads and has nothing to read. */
export function waitingForInput(): Words {
  return { tone: 'input', title: t.waitingForInput, detail: t.waitingHint };
}

/** The server's own sentence, where the reader understands it. */
function said(job: Job): string {
  return t.showsServerSentences ? trim(job.message) : '';
}

/** " in 0.12 s (9 MB)" */
function measured(job: Job, words: (time: string) => string): string {
  const { wall_ms: wall, memory_peak_bytes: memory } = job.usage ?? {};
  return (wall === undefined ? '' : words(duration(wall))) + (memory ? t.ofMemory(size(memory)) : '');
}

/** "Ran 5.02 s, used 5.00 s of CPU time and 9 MB." */
function used(job: Job): string {
  const { wall_ms: wall, cpu_ms: cpu, memory_peak_bytes: memory } = job.usage ?? {};
  const uses = [cpu === undefined ? '' : t.cpuTime(duration(cpu)), memory ? size(memory) : ''].filter(Boolean);
  if (!wall) return '';
  return t.ran(duration(wall), uses);
}

function startsIn(job: Job): string {
  const ms = job.queue?.estimated_start_ms;
  return ms && ms >= 1000 ? t.startsIn(ms < 60_000 ? t.seconds(String(Math.round(ms / 1000))) : duration(ms)) : '';
}

function trim(message: string | null | undefined): string {
  return (message ?? '').trim().replace(/\.$/, '');
}

/** "4 ms", "0.12 s", "12.3 s", "2 min 5 s" */
export function duration(ms: number): string {
  if (ms < 100) return t.ms(String(Math.max(1, Math.round(ms))));
  if (ms < 10_000) return t.seconds((ms / 1000).toFixed(2));
  if (ms < 60_000) return t.seconds((ms / 1000).toFixed(1));
  const seconds = Math.round(ms / 1000);
  return t.minutes(Math.floor(seconds / 60), seconds % 60);
}

/** A running clock: one digit is enough, and calmer. */
export function clock(ms: number): string {
  return ms < 60_000 ? t.seconds((Math.max(0, ms) / 1000).toFixed(1)) : duration(ms);
}

/** "512 B", "12 kB", "9 MB"; a kB is 1,024 bytes, as in the limits. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  const mb = bytes / 1024 / 1024;
  return `${mb < 10 ? mb.toFixed(1).replace(/\.0$/, '') : Math.round(mb)} MB`;
}
