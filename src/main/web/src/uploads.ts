// Files of the reader's own machine, dropped onto the page or chosen by the button: text becomes a tab, anything else, and what is too
// long to be edited in comfort, goes along as it is.
import type { Attachment, TextFile } from './drafts';
import { element } from './dom';
import { t } from './texts';

const LONGEST_TAB_BYTES = 64 * 1024;

export type Upload = { text: TextFile } | { attachment: Attachment };

/** Calls back with the files that somebody drops anywhere on the page, or chooses. */
export function acceptFiles(take: (files: File[]) => void): void {
  const chooser = element<HTMLInputElement>('file-chooser');
  element('file-upload').addEventListener('click', () => chooser.click());
  chooser.addEventListener('change', () => {
    take([...(chooser.files ?? [])]);
    chooser.value = ''; // else the same file could not be chosen twice
  });
  let inside = 0;
  const show = (depth: number) => {
    inside = depth;
    document.body.classList.toggle('drops', depth > 0);
  };
  const on = (type: string, act: (event: DragEvent) => void) =>
    // Before the editor, which would put a file's text where it is dropped.
    addEventListener(
      type,
      (event) => {
        if (!(event instanceof DragEvent) || !event.dataTransfer?.types.includes('Files')) return;
        event.preventDefault();
        event.stopPropagation();
        act(event);
      },
      { capture: true },
    );
  on('dragenter', () => show(inside + 1));
  on('dragleave', () => show(Math.max(0, inside - 1)));
  on('dragover', (event) => {
    if (event.dataTransfer) event.dataTransfer.dropEffect = 'copy';
  });
  on('drop', (event) => {
    show(0);
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

/** @throws Error with words for a person when it cannot be read, as a folder cannot */
export async function read(file: File): Promise<Upload> {
  let bytes: Uint8Array;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(t.uploadUnreadable(file.name));
  }
  const text = bytes.length <= LONGEST_TAB_BYTES ? asText(bytes) : undefined;
  if (text !== undefined) return { text: { path: file.name, content: text } };
  return { attachment: { path: file.name, size: bytes.length, content_base64: await base64(bytes) } };
}

/** A file of a job that is opened again. */
export function fromSpec(path: string, content: string | undefined, content_base64: string | undefined): Upload {
  if (content === undefined) {
    const encoded = content_base64 ?? '';
    const padding = encoded.endsWith('==') ? 2 : encoded.endsWith('=') ? 1 : 0;
    return { attachment: { path, size: (encoded.length / 4) * 3 - padding, content_base64: encoded } };
  }
  const size = new TextEncoder().encode(content).length;
  // The editor knows one kind of line end, and would write all of them so.
  if (size <= LONGEST_TAB_BYTES && !/\r|\0/.test(content)) return { text: { path, content } };
  return { attachment: { path, size, content } };
}

/** UTF-8 that comes out of the editor as it went in; undefined for anything else. */
function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return /\r|\0/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function base64(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([bytes as BlobPart]));
  });
}
