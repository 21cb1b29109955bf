// Follows one job to its end, through lost connections: opens one, opens the next with the id of the last event seen, waits longer
// after each failure, and goes over to Server-Sent Events when no WebSocket can be opened.
import { randomKey } from './api';
import type { Closing, Connect, Connection, Sent } from './connection';
import { isAfter, type Job, type JobEvent } from './job';

const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 15_000;
/** A connection that stood this long was a good one: the next failure is counted from one again. */
const GOOD_CONNECTION_MS = 5_000;
const SOCKET_FAILURES = 3;
/** Of one message: well within what the server reads. */
const LONGEST_INPUT_CHARS = 16_384;

export interface FeedListener {
  /** The job as it is now. Its events up to now still follow. */
  hello(job: Job): void;
  /** Each event once and in order. */
  event(event: JobEvent): void;
  connectionLost(): void;
  connectionBack(): void;
  /** What was sent to the program cannot be taken. */
  refused(why: string): void;
  /** Nothing follows. `complete` without an `end` event having come before is possible. */
  closed(why: 'complete' | 'gone' | 'forbidden'): void;
}

/** Which transport works here; kept for the page's life, so that only the first job pays for finding out. */
export class Transports {
  private failures = 0;

  constructor(
    private readonly socket: Connect,
    private readonly sse: Connect,
  ) {}

  current(): Connect {
    return this.failures < SOCKET_FAILURES ? this.socket : this.sse;
  }

  opened(connect: Connect): void {
    if (connect === this.socket) this.failures = 0;
  }

  failedToOpen(connect: Connect): void {
    if (connect === this.socket) this.failures++;
  }
}

export class Feed {
  private connection: Connection | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last: string | undefined;
  private failures = 0;
  private lost = false;
  private over = false;
  private readonly hurry = () => this.retryNow();
  /** Names this page's input among that of others. */
  private readonly from = randomKey();
  private sentInputs = 0;
  /** Input that the server has not said to have stored: it is sent again over the next connection. */
  private unacknowledged: Extract<Sent, { op: 'stdin' }>[] = [];
  private ending = false;

  constructor(
    private readonly jobId: string,
    private readonly transports: Transports,
    private readonly listener: FeedListener,
  ) {
    addEventListener('online', this.hurry);
    this.connect();
  }

  /** Stops listening. The job goes on. */
  close(): void {
    this.over = true;
    removeEventListener('online', this.hurry);
    clearTimeout(this.timer);
    this.connection?.close();
  }

  /** Types into the program; what is typed while the connection is lost arrives when it is back. */
  type(text: string): void {
    for (let from = 0; from < text.length; from += LONGEST_INPUT_CHARS) {
      const message = { op: 'stdin', from: this.from, n: ++this.sentInputs, d: text.slice(from, from + LONGEST_INPUT_CHARS) } as const;
      this.unacknowledged.push(message);
      this.connection?.send(message);
    }
  }

  /** Ends the program's input, behind all that was typed. */
  endInput(): void {
    this.ending = true;
    this.connection?.send({ op: 'eof' });
  }

  signal(signal: 'INT' | 'TERM' | 'KILL'): void {
    this.connection?.send({ op: 'signal', signal });
  }

  private connect(): void {
    const connect = this.transports.current();
    let openedAt = 0;
    this.connection = connect(this.jobId, this.last, {
      opened: () => {
        openedAt = performance.now();
        this.transports.opened(connect);
        if (this.lost) this.listener.connectionBack();
        this.lost = false;
        for (const message of this.unacknowledged) this.connection?.send(message);
        if (this.ending) this.connection?.send({ op: 'eof' });
      },
      hello: (job) => this.listener.hello(job),
      events: (events) => this.deliver(events),
      acknowledged: (n) => {
        this.unacknowledged = this.unacknowledged.filter((message) => message.n > n);
      },
      refused: (why) => {
        this.unacknowledged = [];
        this.ending = false;
        this.listener.refused(why);
      },
      closed: (closing) => {
        this.connection = undefined;
        if (closing.why === 'lost' && !closing.opened) this.transports.failedToOpen(connect);
        if (openedAt > 0 && performance.now() - openedAt > GOOD_CONNECTION_MS) this.failures = 0;
        this.decide(closing);
      },
    });
  }

  private deliver(events: readonly JobEvent[]): void {
    for (const event of events) {
      if (this.over) return;
      if (typeof event?.id !== 'string' || !isAfter(event.id, this.last)) continue;
      this.last = event.id;
      this.listener.event(event);
      if (event.k === 'eof') this.ending = false;
      if (event.k === 'end') this.finish('complete');
    }
  }

  private decide(closing: Closing): void {
    if (this.over) return;
    if (closing.why !== 'lost') {
      this.finish(closing.why);
      return;
    }
    this.failures++;
    this.timer = setTimeout(() => this.connect(), Math.max(delayAfter(this.failures), closing.retryAfterMs ?? 0));
    if (!this.lost) this.listener.connectionLost();
    this.lost = true;
  }

  private finish(why: 'complete' | 'gone' | 'forbidden'): void {
    this.close();
    this.listener.closed(why);
  }

  private retryNow(): void {
    if (this.connection) return;
    clearTimeout(this.timer);
    this.connect();
  }
}

/** Doubles from half a second to 15 seconds; a random half of it, so that a thousand pages do not come back at once. */
export function delayAfter(failures: number, random: () => number = Math.random): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return full * (0.5 + random() / 2);
}
