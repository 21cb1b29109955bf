// The row of keys that a phone's keyboard hides: it types into the editor without taking the focus from it.
import type { Editor } from './editor';

const KEYS: readonly (readonly [label: string, text: string])[] = [
  ['Tab', '    '],
  ['(', '('],
  [')', ')'],
  ['[', '['],
  [']', ']'],
  ['{', '{'],
  ['}', '}'],
  [':', ':'],
  ['"', '"'],
  ["'", "'"],
  ['_', '_'],
  ['=', '='],
  ['#', '#'],
];

export function fillKeys(row: HTMLElement, editor: Editor): void {
  row.replaceChildren(
    ...KEYS.map(([label, text], n) => {
      const key = document.createElement('button');
      key.type = 'button';
      key.textContent = label;
      key.tabIndex = n === 0 ? 0 : -1;
      // Else the press would close the phone's keyboard.
      key.addEventListener('pointerdown', (event) => event.preventDefault());
      key.addEventListener('click', () => {
        editor.insert(text);
        editor.focus();
      });
      return key;
    }),
  );
  // A toolbar is one stop of the Tab key; the arrow keys go along it.
  row.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const keys = [...row.querySelectorAll('button')];
    const at = keys.findIndex((key) => key === document.activeElement);
    const next = step === undefined || at < 0 ? undefined : keys[(at + step + keys.length) % keys.length];
    if (!next) return;
    event.preventDefault();
    for (const key of keys) key.tabIndex = key === next ? 0 : -1;
    next.focus();
  });
}
