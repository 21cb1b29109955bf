// The line that says how the job is doing. It is a polite live region; the clock in it ticks unheard.
import type { Status } from './job';
import { clock, type Words } from './words';

const TICK_MS = 100;

export class StateLine {
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly title: HTMLElement,
    private readonly clock: HTMLElement,
    private readonly detail: HTMLElement,
  ) {}

  /** @param elapsedMs when given, a clock that shows it ticks behind the title */
  show(status: Status | '', words: Words, elapsedMs?: () => number): void {
    clearInterval(this.timer);
    this.element.dataset.status = status;
    this.element.dataset.tone = words.tone;
    // Unchanged text is left alone, so that it is not read out again.
    if (this.title.textContent !== words.title) this.title.textContent = words.title;
    if (this.detail.textContent !== words.detail) this.detail.textContent = words.detail;
    this.clock.textContent = '';
    if (!elapsedMs) return;
    const tick = () => (this.clock.textContent = ` (${clock(elapsedMs())})`);
    tick();
    this.timer = setInterval(tick, TICK_MS);
  }
}
