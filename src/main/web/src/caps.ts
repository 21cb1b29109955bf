// How large a program may be, asked of the server once, so that too much is told before it is sent. Without an answer nothing is told
// ahead: the server says it then.
import { getLimits, type Caps } from './api';
import type { Draft } from './drafts';
import { t } from './texts';
import { size } from './words';

let caps: Caps | undefined;

export async function loadCaps(): Promise<void> {
  try {
    caps = (await getLimits()).request;
  } catch {
    // The server says it then.
  }
}

/** What is too much of a program, as a sentence; undefined when it may be sent. */
export function tooMuch(draft: Draft): string | undefined {
  if (!caps) return undefined;
  const files = draft.files.length + draft.attached.length;
  const bytes = [draft.source, ...draft.files.map((file) => file.content)].reduce((sum, text) => sum + utf8(text), 0);
  const all = draft.attached.reduce((sum, file) => sum + file.size, bytes);
  if (files > caps.files) return t.tooManyFiles(files, caps.files);
  if (all > caps.program_bytes) return t.programTooLarge(size(all), size(caps.program_bytes));
  const input = utf8(draft.stdin);
  if (input > caps.stdin_bytes) return t.inputTooLarge(size(input), size(caps.stdin_bytes));
  return undefined;
}

function utf8(text: string): number {
  return new TextEncoder().encode(text).length;
}
