// One job on the page, from the moment it is known to the moment another takes its place: turns its events into state and output.
import { cancelJob, getJob, Problem } from './api';
import { Feed, type Transports } from './feed';
import { isTerminal, type Job, type JobEvent, type Status } from './job';
import type { ResultPanel } from './result-panel';
import { t } from './texts';
import { describe, waitingForInput } from './words';

/** How often the place in the queue is asked for; no event tells of it. */
const QUEUE_POLL_MS = 2_000;

export class JobView {
  private job: Job;
  /** When the program started by `performance.now()`: the earliest moment that what we know allows. */
  private startedAt = Infinity;
  private readonly feed: Feed;
  private queuePoll: ReturnType<typeof setInterval> | undefined;
  private over = false;
  private waiting = false;
  private inputOver = false;
  private unavailable = false;

  /**
   * @param interactive whether the program can be typed to
   * @param clockAheadMs how far the server's clock is ahead of ours
   * @param onStatus called with each new status, and `''` when the job turns out to be gone
   */
  constructor(
    readonly id: string,
    job: Job | undefined,
    private readonly interactive: boolean,
    private readonly clockAheadMs: number,
    transports: Transports,
    private readonly panel: ResultPanel,
    private readonly onStatus: (status: Status | '') => void,
  ) {
    this.job = job ?? { id, status: 'QUEUED' };
    panel.quiet('');
    panel.addressShown();
    if (job) this.show();
    else panel.state('', { tone: 'waiting', title: t.loading, detail: '' });
    this.feed = new Feed(id, transports, {
      hello: (now) => this.hello(now),
      event: (event) => this.event(event),
      connectionLost: () => panel.connection(t.connectionLost),
      connectionBack: () => panel.connection(''),
      refused: (why) => {
        if (!isTerminal(this.job.status)) panel.problem(why);
      },
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

  /** Types into the program. */
  type(text: string): void {
    this.feed.type(text);
    if (this.waiting) this.waits(false);
  }

  endInput(): void {
    this.feed.endInput();
  }

  interrupt(): void {
    this.feed.signal('INT');
  }

  private waits(waiting: boolean): void {
    if (this.waiting === waiting) return;
    this.waiting = waiting;
    this.show();
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
        this.waits(false);
        break;
      case 'in':
        this.panel.output.append('in', event.d ?? '');
        this.waits(false);
        break;
      case 'eof':
        this.inputOver = true;
        this.waits(false);
        this.show();
        break;
      case 'signal':
        this.panel.output.terminal.append('in', event.d === 'INT' ? '^C' : '');
        this.waits(false);
        break;
      case 'need_input':
        this.waits(true);
        break;
      case 'note':
        this.panel.quiet(event.d ?? '');
        break;
      case 'requeued':
        this.panel.output.clear();
        this.startedAt = Infinity;
        this.job = { ...this.job, status: 'QUEUED', queue: null };
        this.panel.quiet(t.requeued);
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
    if (this.panel.output.isEmpty) this.panel.quiet(job.status === 'DONE' ? t.printedNothing : t.noOutput);
    this.panel.connection('');
    this.panel.leftovers(job);
    this.panel.typedShown();
    this.show();
  }

  private closed(why: 'complete' | 'gone' | 'forbidden'): void {
    this.panel.connection('');
    if (isTerminal(this.job.status)) return;
    if (why === 'complete') void this.fetchEnd();
    else if (why === 'gone') this.vanished(t.goneNow);
    else this.vanished(t.mayNotFollow);
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
      this.panel.acceptsInput(false);
      this.panel.waits(false);
      this.panel.state('', { tone: 'idle', title: t.notAvailable, detail: '' });
      this.onStatus('');
      return;
    }
    const { status } = this.job;
    const running = status === 'RUNNING';
    if (running && this.startedAt === Infinity) this.startedAt = performance.now();
    const waiting = running && this.waiting;
    this.panel.acceptsInput(this.interactive && !this.inputOver && !isTerminal(status));
    this.panel.waits(waiting);
    if (waiting) this.panel.state(status, waitingForInput());
    else this.panel.state(status, describe(this.job), running ? () => performance.now() - this.startedAt : undefined);
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
