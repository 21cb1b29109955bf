// Puts a job's state into plain words. Pure: a job in, words out.
import type { Job } from './job';

/** How the state looks: shape and colour. */
export type Tone = 'idle' | 'waiting' | 'running' | 'good' | 'bad' | 'limit' | 'cancelled' | 'system';

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
      return { tone: 'waiting', title: place ? `Queued (place ${place})` : 'Queued', detail: startsIn(job) };
    }
    case 'RUNNING':
      return { tone: 'running', title: 'Running', detail: '' };
    case 'DONE':
      return describeDone(job);
    case 'CANCELLED':
      return { tone: 'cancelled', title: trim(job.message) || 'Cancelled', detail: used(job) };
    case 'ERROR':
      return {
        tone: 'system',
        title: 'The system failed, not your program',
        detail: [job.error?.detail || job.message || '', job.error?.code ? `(${job.error.code})` : ''].filter(Boolean).join(' '),
      };
  }
}

function describeDone(job: Job): Words {
  const hits = job.limits_hit?.length ? (job.message ?? '') : '';
  switch (job.outcome) {
    case 'OK':
      return { tone: 'good', title: `Finished${measured(job)}`, detail: hits };
    case 'RUNTIME_ERROR':
      return { tone: 'bad', title: `Exit code ${job.exit_code ?? '?'}${measured(job, 'after')}`, detail: hits };
    case 'SIGNALED':
      return { tone: 'bad', title: trim(job.message) || `Ended by ${job.signal ?? 'a signal'}`, detail: used(job) };
    default: {
      // "Stopped after 5.0 s of CPU time, the limit: what to do about it."
      const [title, advice = ''] = trim(job.message).split(/: (.*)/s);
      const detail = [advice ? `${advice.charAt(0).toUpperCase()}${advice.slice(1)}.` : '', used(job)].filter(Boolean).join(' ');
      return { tone: 'limit', title: title || LIMITS[job.outcome ?? ''] || 'Finished', detail };
    }
  }
}

/** Said only when the server sends no sentence of its own. */
const LIMITS: Record<string, string> = {
  CPU_LIMIT: 'Stopped at the CPU time limit',
  WALL_LIMIT: 'Stopped at the time limit',
  MEMORY_LIMIT: 'Stopped at the memory limit',
  OUTPUT_LIMIT: 'Stopped at the output limit',
  IDLE_LIMIT: 'Stopped: nobody answered its question in time',
};

/** " in 0.12 s (9 MB)" */
function measured(job: Job, word = 'in'): string {
  const { wall_ms: wall, memory_peak_bytes: memory } = job.usage ?? {};
  return (wall === undefined ? '' : ` ${word} ${duration(wall)}`) + (memory ? ` (${size(memory)})` : '');
}

/** "Ran 5.02 s, used 5.00 s of CPU time and 9 MB." */
function used(job: Job): string {
  const { wall_ms: wall, cpu_ms: cpu, memory_peak_bytes: memory } = job.usage ?? {};
  const uses = [cpu === undefined ? '' : `${duration(cpu)} of CPU time`, memory ? size(memory) : ''].filter(Boolean);
  if (!wall) return '';
  return `Ran ${duration(wall)}${uses.length ? `, used ${uses.join(' and ')}` : ''}.`;
}

function startsIn(job: Job): string {
  const ms = job.queue?.estimated_start_ms;
  return ms && ms >= 1000 ? `Starts in about ${ms < 60_000 ? `${Math.round(ms / 1000)} s` : duration(ms)}.` : '';
}

function trim(message: string | null | undefined): string {
  return (message ?? '').trim().replace(/\.$/, '');
}

/** "4 ms", "0.12 s", "12.3 s", "2 min 5 s" */
export function duration(ms: number): string {
  if (ms < 100) return `${Math.max(1, Math.round(ms))} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A running clock: one digit is enough, and calmer. */
export function clock(ms: number): string {
  return ms < 60_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : duration(ms);
}

/** "512 B", "12 kB", "9 MB"; a kB is 1,024 bytes, as in the limits. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} kB`;
  const mb = bytes / 1024 / 1024;
  return `${mb < 10 ? mb.toFixed(1).replace(/\.0$/, '') : Math.round(mb)} MB`;
}
