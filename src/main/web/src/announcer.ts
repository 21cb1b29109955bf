// Reads output out to people who use a screen reader: what came last, once it has been quiet for a moment, and never a flood.

const QUIET_MS = 400;
const MOST_CHARS = 300;

export class Announcer {
  private waiting = '';
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param element a polite live region */
  constructor(private readonly element: HTMLElement) {}

  say(text: string): void {
    this.waiting = (this.waiting + text).slice(-MOST_CHARS);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.element.textContent = this.waiting;
      this.waiting = '';
    }, QUIET_MS);
  }

  clear(): void {
    clearTimeout(this.timer);
    this.waiting = '';
    this.element.textContent = '';
  }
}

/** Without what only a terminal understands. */
export function plain(text: string): string {
  return text
    .replace(/\x1b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])/g, '')
    .replace(/[\x00-\x08\x0b-\x1f]/g, '');
}
