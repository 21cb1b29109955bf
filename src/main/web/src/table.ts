// A table whose rows come and go: what stays is left alone, so that focus and selections are not lost when it is drawn anew.

export interface Row {
  key: string;
  /** What is in it; a link has an address. */
  cells: (string | { text: string; href: string })[];
  action?: Action;
}

export interface Action {
  text: string;
  /** What is heard of the button, which says of which row it is. */
  label: string;
  /** Given for what cannot be undone: the button asks this first. */
  confirm?: string;
  act(): void;
}

const CONFIRM_MS = 4_000;

export class Table {
  private readonly body: HTMLTableSectionElement;
  private readonly rows = new Map<string, TableRow>();

  /**
   * @param labelledBy the id of its heading
   * @param empty what is said when there is no row
   */
  constructor(
    private readonly element: HTMLElement,
    labelledBy: string,
    private readonly heads: string[],
    private readonly empty: string,
  ) {
    const table = document.createElement('table');
    table.setAttribute('aria-labelledby', labelledBy);
    const head = table.createTHead().insertRow();
    for (const text of heads) {
      const cell = document.createElement('th');
      cell.scope = 'col';
      cell.textContent = text;
      head.append(cell);
    }
    this.body = table.createTBody();
    const none = document.createElement('p');
    none.className = 'hint';
    none.textContent = empty;
    element.replaceChildren(table, none);
    element.tabIndex = -1;
    this.show([]);
  }

  show(rows: Row[]): void {
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, row] of this.rows) {
      if (keys.has(key)) continue;
      // Focus that was in it is not lost.
      if (row.element.contains(document.activeElement)) this.element.focus();
      row.element.remove();
      this.rows.delete(key);
    }
    rows.forEach((row, n) => {
      let shown = this.rows.get(row.key);
      if (!shown) {
        shown = new TableRow(this.heads);
        this.rows.set(row.key, shown);
      }
      shown.show(row);
      if (this.body.children[n] !== shown.element) this.body.insertBefore(shown.element, this.body.children[n] ?? null);
    });
    const [table, none] = this.element.children as unknown as [HTMLElement, HTMLElement];
    table.hidden = rows.length === 0;
    none.hidden = rows.length > 0;
    none.textContent = this.empty;
  }
}

class TableRow {
  readonly element = document.createElement('tr');
  private readonly button = document.createElement('button');
  private action: Action | undefined;
  private armed: ReturnType<typeof setTimeout> | undefined;

  constructor(heads: string[]) {
    for (const head of heads) {
      const cell = this.element.insertCell();
      // On a narrow screen each cell says what it is.
      cell.dataset.head = head;
    }
    this.button.type = 'button';
    this.button.className = 'quiet';
    this.button.addEventListener('click', () => this.pressed());
  }

  show({ cells, action }: Row): void {
    cells.forEach((cell, n) => {
      const at = this.element.cells[n];
      const text = typeof cell === 'string' ? cell : cell.text;
      if (!at || at.textContent === text) return;
      if (typeof cell === 'string') {
        at.textContent = text;
        return;
      }
      const link = document.createElement('a');
      link.href = cell.href;
      link.textContent = text;
      at.replaceChildren(link);
    });
    this.action = action;
    if (!action) {
      this.button.remove();
      return;
    }
    this.draw();
    const last = this.element.cells[this.element.cells.length - 1];
    if (this.button.parentElement !== last) last?.replaceChildren(this.button);
  }

  private draw(): void {
    const text = (this.armed !== undefined && this.action?.confirm) || this.action?.text || '';
    if (this.button.textContent !== text) this.button.textContent = text;
    this.button.setAttribute('aria-label', `${text}: ${this.action?.label ?? ''}`);
  }

  private pressed(): void {
    if (this.action?.confirm && this.armed === undefined) {
      this.armed = setTimeout(() => this.disarm(), CONFIRM_MS);
      this.draw();
      return;
    }
    this.disarm();
    this.action?.act();
  }

  private disarm(): void {
    clearTimeout(this.armed);
    this.armed = undefined;
    this.draw();
  }
}
