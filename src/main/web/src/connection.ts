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
  /** The server has stored what this page sent up to this number. */
  acknowledged(n: number): void;
  /** What was sent cannot be taken, and why. */
  refused(why: string): void;
  /** Called once, and nothing after it; not called after `close()`. */
  closed(closing: Closing): void;
}

/** What the page sends to a running program. Input is numbered, so that what is sent again is typed once. */
export type Sent =
  | { op: 'stdin'; from: string; n: number; d: string }
  | { op: 'eof' }
  | { op: 'signal'; signal: 'INT' | 'TERM' | 'KILL' };

export interface Connection {
  close(): void;
  /** Sends this, in turn, if the connection stands. */
  send(message: Sent): void;
}

/** Opens a connection that delivers the job's events after the one with id `after`, or all. */
export type Connect = (jobId: string, after: string | undefined, listener: ConnectionListener) => Connection;
