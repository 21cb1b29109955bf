// What the two ways to follow a job, WebSocket and Server-Sent Events, have in common.
import type { Job, JobEvent } from './job';

/** Why a connection is over. */
export type Closing =
  /** The server said that the log ends here. */
  | { why: 'complete' }
  /** It broke, or never came to be; to be opened again. */
  | { why: 'lost'; opened: boolean; retryAfterMs?: number }
  /** The job is not known, or no longer. */
  | { why: 'gone' }
  | { why: 'forbidden' };

export interface ConnectionListener {
  opened(): void;
  hello(job: Job): void;
  events(events: readonly JobEvent[]): void;
  /** Called once, and nothing after it; not called after `close()`. */
  closed(closing: Closing): void;
}

export interface Connection {
  close(): void;
}

/** Opens a connection that delivers the job's events after the one with id `after`, or all. */
export type Connect = (jobId: string, after: string | undefined, listener: ConnectionListener) => Connection;
