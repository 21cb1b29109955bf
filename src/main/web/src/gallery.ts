// The pictures and tables among the files that a job hands back, shown below its output, in order. A stranger's program wrote them: a
// picture is only ever an <img>, in which nothing runs, and HTML is cleaned and then shown in a frame without any right.
import { getText } from './api';
import type { CollectedFile } from './job';
import { t } from './texts';

/** More are in the list of files. */
const MOST_SHOWN = 50;
const MOST_HTML_BYTES = 512 * 1024;

export class Gallery {
  /** Grows with each job that is shown, so that what comes late for an earlier one is dropped. */
  private round = 0;

  constructor(private readonly element: HTMLElement) {}

  show(files: CollectedFile[]): void {
    this.round++;
    const shown = files.filter((file) => isPicture(file) || isTable(file)).slice(0, MOST_SHOWN);
    this.element.replaceChildren(...shown.map((file) => (isPicture(file) ? picture(file) : this.place(file))));
    this.element.hidden = shown.length === 0;
    void this.fill(shown.filter(isTable), this.round);
  }

  /** Where a table comes to once it has been fetched. */
  private place(file: CollectedFile): HTMLElement {
    const place = document.createElement('div');
    place.className = 'table';
    place.dataset.path = file.path;
    return place;
  }

  /** One after the other: they may be many. */
  private async fill(files: CollectedFile[], round: number): Promise<void> {
    if (files.length === 0) return;
    const { frame } = await import('./frame');
    const places = [...this.element.querySelectorAll<HTMLElement>('.table')];
    for (const [n, file] of files.entries()) {
      const html = await getText(file.url).catch(() => undefined);
      if (round !== this.round) return;
      if (html === undefined) places[n]?.remove();
      else places[n]?.replaceChildren(frame(html, file.path));
    }
  }
}

function isPicture(file: CollectedFile): boolean {
  return file.media_type.startsWith('image/');
}

function isTable(file: CollectedFile): boolean {
  return file.media_type.startsWith('text/html') && file.size_bytes <= MOST_HTML_BYTES;
}

function picture(file: CollectedFile): HTMLElement {
  const link = document.createElement('a');
  link.href = file.url;
  link.target = '_blank';
  link.rel = 'noopener';
  const image = document.createElement('img');
  image.loading = 'lazy';
  image.decoding = 'async';
  image.alt = file.path;
  image.src = file.url;
  // It says that it is a picture, and is none.
  image.addEventListener('error', () => link.replaceChildren(t.noPicture(file.path)));
  link.append(image);
  return link;
}
