// Cells as spreadsheets put them on the clipboard: tabs between them, a line for each row, and quotes around what has line breaks.

export function cells(text: string): string[][] {
  const rows: string[][] = [[]];
  let rest = text.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  for (;;) {
    const quoted = /^"((?:[^"]|"")*)"(?=[\t\n]|$)/.exec(rest);
    const [whole = '', inner] = quoted ?? /^[^\t\n]*/.exec(rest) ?? [];
    rows[rows.length - 1]?.push(inner === undefined ? whole : inner.replaceAll('""', '"'));
    const separator = rest[whole.length];
    if (separator === undefined) return rows;
    if (separator === '\n') rows.push([]);
    rest = rest.slice(whole.length + 1);
  }
}
