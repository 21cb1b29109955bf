// A dialogue that asks for a secret: an API key, or the operator's token.
import { element } from './dom';

/** Opens it; what was entered, or undefined when it was closed. `problem` says why the one before was no good. */
export function askForSecret(problem: string): Promise<string | undefined> {
  const dialog = element<HTMLDialogElement>('key-dialog');
  const field = element<HTMLInputElement>('key');
  element('key-problem').textContent = problem;
  dialog.showModal();
  field.focus();
  return new Promise((resolve) => {
    const closed = new AbortController();
    const { signal } = closed;
    let entered: string | undefined;
    element('key-form').addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        entered = field.value.trim();
        if (entered !== '') dialog.close();
      },
      { signal },
    );
    element('key-cancel').addEventListener('click', () => dialog.close(), { signal });
    dialog.addEventListener(
      'close',
      () => {
        closed.abort();
        field.value = '';
        resolve(entered || undefined);
      },
      { signal },
    );
  });
}
