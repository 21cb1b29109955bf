// One job on the page, from the moment it is known to the moment another takes its place: turns its events into state and output.
import { cancelJob, getJob, Problem } from './api';
import { Feed, type Transports } from './feed';
import { isTerminal, type Job, type JobEvent, type Status } from './job';
import type { ResultPanel } from './result-panel';
import { describe } from './words';

/** How often the place in the queue is asked for; no event tells of it. */
const QUEUE_POLL_MS = 2_000;

const LOST = 'Connection lost. The program goes on running; reconnecting…';

export class JobView {
  private job: Job;
  /** When the program started by `performance.now()`: the earliest moment that what we know allows. */
  private startedAt = Infinity;
  private readonly feed: Feed;
  private queuePoll: ReturnType<typeof setInterval> | undefined;
  private over = false;
  private unavailable = false;

  /**
   * @param clockAheadMs how far the server's clock is ahead of ours
   * @param onStatus called with each new status, and `''` when the job turns out to be gone
   */
  constructor(
    readonly id: string,
    job: Job | undefined,
    private readonly clockAheadMs: number,
    transports: Transports,
    private readonly panel: ResultPanel,
    private readonly onStatus: (status: Status | '') => void,
  ) {
    this.job = job ?? { id, status: 'QUEUED' };
    panel.quiet('');
    panel.addressShown();
    if (job) this.show();
    else panel.state('', { tone: 'waiting', title: 'Loading…', detail: '' });
    this.feed = new Feed(id, transports, {
      hello: (now) => this.hello(now),
      event: (event) => this.event(event),
      connectionLost: () => panel.connection(LOST),
      connectionBack: () => panel.connection(''),
      closed: (why) => this.closed(why),
    });
  }

  /** Leaves the job alone and stops showing it. */
  close(): void {
    this.over = true;
    clearInterval(this.queuePoll);
    this.feed.close();
  }

  /** Asks the server to cancel the job; its end comes as an event. False when the server could not be asked. */
  async stop(): Promise<boolean> {
    try {
      await cancelJob(this.id);
      return true;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!this.over) this.panel.problem(error);
      return false;
    }
  }

  private hello(job: Job): void {
    // The log, which follows, tells how the job ended, after all its output.
    if (isTerminal(job.status)) return;
    if (isTerminal(this.job.status)) return;
    this.job = job;
    const started = Date.parse(job.started_at ?? '');
    if (!Number.isNaN(started)) this.couldHaveStarted(performance.now() - (Date.now() + this.clockAheadMs - started));
    this.show();
  }

  private event(event: JobEvent): void {
    switch (event.k) {
      case 'state':
        this.stateEvent(event);
        break;
      case 'out':
      case 'err':
        if (event.t !== undefined) this.couldHaveStarted(performance.now() - event.t);
        this.panel.output.append(event.k, event.d ?? '');
        break;
      case 'requeued':
        this.panel.output.clear();
        this.startedAt = Infinity;
        this.job = { ...this.job, status: 'QUEUED', queue: null };
        this.panel.quiet('The machine that ran the program was lost. It is started again on another one.');
        this.show();
        break;
      case 'end':
        this.ended(event.job ?? { ...this.job, status: (event.d as Status | undefined) ?? 'DONE' });
        break;
    }
  }

  private stateEvent(event: JobEvent): void {
    if (event.d !== 'QUEUED' && event.d !== 'RUNNING') return;
    if (event.d === 'RUNNING' && event.t !== undefined) this.couldHaveStarted(performance.now() - event.t);
    if (event.d === this.job.status) return;
    this.job = { ...this.job, status: event.d, queue: null };
    this.show();
  }

  /**
   * Every event is seen some time after it happened, so each one gives a start that is too late by that time; the earliest of
   * them is the best.
   */
  private couldHaveStarted(at: number): void {
    this.startedAt = Math.min(this.startedAt, at);
  }

  private ended(job: Job): void {
    this.job = job;
    if (this.panel.output.isEmpty) this.panel.quiet(job.status === 'DONE' ? 'The program printed nothing.' : 'There is no output.');
    this.panel.connection('');
    this.panel.leftovers(job);
    this.show();
  }

  private closed(why: 'complete' | 'gone' | 'forbidden'): void {
    this.panel.connection('');
    if (isTerminal(this.job.status)) return;
    if (why === 'complete') void this.fetchEnd();
    else if (why === 'gone') this.vanished('This job is no longer on the server: its time there has passed, or it was removed.');
    else this.vanished('The server does not let this page follow the job.');
  }

  private vanished(words: string): void {
    this.unavailable = true;
    this.panel.problem(words);
    this.show();
  }

  /** The log ended without an end: asks for the job itself, output included. */
  private async fetchEnd(): Promise<void> {
    try {
      const job = await getJob(this.id);
      if (this.over) return;
      if (this.panel.output.isEmpty) {
        this.panel.output.append('out', job.stdout ?? '');
        this.panel.output.append('err', job.stderr ?? '');
      }
      this.ended(job);
    } catch (error) {
      if (!this.over) this.vanished((error as Error).message);
    }
  }

  /** Shows the state as it is known. */
  show(): void {
    clearInterval(this.queuePoll);
    if (this.unavailable) {
      this.panel.state('', { tone: 'idle', title: 'Not available', detail: '' });
      this.onStatus('');
      return;
    }
    const { status } = this.job;
    const running = status === 'RUNNING';
    if (running && this.startedAt === Infinity) this.startedAt = performance.now();
    this.panel.state(status, describe(this.job), running ? () => performance.now() - this.startedAt : undefined);
    if (status === 'QUEUED') this.queuePoll = setInterval(() => void this.askForPlace(), QUEUE_POLL_MS);
    this.onStatus(status);
  }

  private async askForPlace(): Promise<void> {
    if (document.hidden) return;
    try {
      const { status, queue } = await getJob(this.id);
      if (this.over || this.job.status !== 'QUEUED' || status !== 'QUEUED') return;
      this.job = { ...this.job, queue };
      this.panel.state('QUEUED', describe(this.job));
    } catch {
      // The place is a nicety; the feed tells of trouble.
    }
  }
}
