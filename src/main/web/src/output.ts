// What the program prints and is given: drawn by the terminal, kept whole for copying, and told to screen readers.
import { Announcer, plain } from './announcer';
import { Terminal, type Typist } from './terminal';
import { type Stream, Transcript } from './transcript';

export class Output {
  readonly terminal: Terminal;
  private readonly transcript: Transcript;
  private readonly announcer: Announcer;
  private everything: string[] = [];
  private typed: string[] = [];

  /**
   * @param screen where the terminal is
   * @param log the plain text
   * @param live what is read out as it comes
   */
  constructor(screen: HTMLElement, log: HTMLElement, live: HTMLElement, typist: Typist) {
    this.terminal = new Terminal(screen, typist);
    this.transcript = new Transcript(log);
    this.announcer = new Announcer(live);
  }

  get isEmpty(): boolean {
    return this.everything.length === 0;
  }

  /** All of it, as the terminal got it. */
  text(): string {
    return this.everything.join('');
  }

  /** All that the program was given while it ran. */
  input(): string {
    return this.typed.join('');
  }

  append(stream: Stream, text: string): void {
    if (text === '') return;
    this.everything.push(text);
    if (stream === 'in') this.typed.push(text);
    else this.announcer.say(plain(text));
    this.terminal.append(stream, text);
    this.transcript.append(stream, plain(text));
  }

  clear(): void {
    this.everything = [];
    this.typed = [];
    this.announcer.clear();
    this.terminal.clear();
    this.transcript.clear();
  }
}
