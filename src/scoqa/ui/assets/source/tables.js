// Shows tables: rows of cells in aligned columns, below a head that stays in view.
// A row is a line of the text and a tab ends a cell. Tabs and line ends remain in the text without
// taking space, so that copied text is exactly the document's. All widths are in em of a cell.
const CELL = 0.9375; // the sizes of the letters of cells and of a head, in em of the text
const HEAD = 0.8125;
const SAMPLED = 200; // rows of a table that are measured, spread over all of them
const FITTING = 0.9; // share of a column's cells that fit on one line
const PADDING = 1.35; // between two columns: 1.2 in tables.css, and room for rounding
const NARROWEST = 3;
const NAME = 8; // a longer name of a column is broken at its spaces
const SHRUNK = [40, 9]; // the limits of a column that is made narrower so that the table fits
const SCROLLED = 14; // the limit if the table does not fit
const PINNED = 8; // a first column up to this width stays in view while the rest is scrolled
const STUCK_ROWS = 3; // a higher head does not stay in view
const NUMBERS = 0.8; // share of a column's cells that are numbers, if it is aligned to the right
const NUMBER = /^[-+−(]?\s?[$€£¥₹]?\s?[-+−]?\d[\d\s.,'’]*\s?[%‰$€£¥₹)]*$/u;

// Yields the lines of text[from:to] as [start, end, start of the next line].
function* linesOf(text, from, to) {
  for (let start = from; start < to;) {
    const end = text.indexOf('\n', start);
    const next = end < 0 || end >= to ? to : end + 1;
    yield [start, end < 0 || end >= to ? to : end, next];
    start = next;
  }
}

// Yields the cells of the line text[start:end] as [start, end, column], empty cells included.
function* cellsOf(text, start, end) {
  // A line that is cut begins with a later column.
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  let column = start === 0 ? 0 : before.split('\t').length - 1;
  for (let at = start; at <= end; column += 1) {
    const tab = text.indexOf('\t', at);
    const stop = tab < 0 || tab > end ? end : tab;
    yield [at, stop, column];
    at = stop + 1;
  }
}

// Returns a function that gives the width of a text in em of `size`.
function measuring(weight, size, family, em) {
  const pen = document.createElement('canvas').getContext('2d');
  pen.font = `${weight} ${size}px ${family}`;
  return (words) => pen.measureText(words.slice(0, 400)).width / em;
}

const longestWord = (words, width) => Math.max(0, ...words.split(/\s+/u).map(width));

// Returns the columns of a table as {width, least, number}, measured from a sample of its rows.
function measured(text, table) {
  const { fontSize, fontFamily } = getComputedStyle(area);
  const [size, em] = [parseFloat(fontSize), CELL * parseFloat(fontSize)];
  const width = measuring(400, em, fontFamily, em);
  const bold = measuring(600, HEAD * size, getComputedStyle(sheet).fontFamily, em);
  const rows = [...linesOf(text, table.start, table.end)].filter(([start, end]) => (
    end > start && !within(table.heads, start, end).length));
  const every = Math.ceil(rows.length / SAMPLED);
  const columns = [];
  const columnOf = (index) => (columns[index] ??= { widths: [], word: 0, numbers: 0 });
  rows.filter((_, index) => index % every === 0).forEach(([start, end]) => {
    for (const [from, to, index] of cellsOf(text, start, end)) {
      const column = columnOf(index);
      const cell = text.slice(from, Math.min(to, from + 1000)).trim();
      if (!cell) continue;
      column.widths.push(width(cell));
      column.word = Math.max(column.word, longestWord(cell, width));
      column.numbers += NUMBER.test(cell) ? 1 : 0;
    }
  });
  const names = lastHead(text, table);
  return Array.from({ length: Math.max(columns.length, names.length) }, (_, index) => {
    const { widths, word, numbers } = columnOf(index);
    widths.sort((a, b) => a - b);
    const name = names[index] ?? '';
    const least = Math.max(NARROWEST, word, longestWord(name, bold));
    return {
      number: widths.length > 0 && numbers >= NUMBERS * widths.length,
      least,
      width: Math.max(least, widths[Math.ceil(FITTING * widths.length) - 1] ?? 0,
        Math.min(NAME, bold(name))),
    };
  });
}

// Returns the cells of the last row of a table's head, or its names if it has no head.
function lastHead(text, { start, heads, names }) {
  if (heads[0]?.start !== start) return names;
  const rows = [...linesOf(text, start, heads[0].end)].filter(([from, to]) => to > from);
  const cells = [...cellsOf(text, ...(rows.at(-1) ?? [start, start]))];
  return cells.map(([from, to]) => text.slice(from, to).trim());
}

// Sets the columns of a table: narrower than measured, if it fits into `room` pixels by that.
function fit(text, table, room) {
  const em = CELL * parseFloat(getComputedStyle(area).fontSize);
  const columns = measured(text, table);
  const limited = (limit) => columns.map(({ width, least }) => (
    Math.min(width, Math.max(limit, Math.min(least, SCROLLED))) + PADDING));
  const fits = (widths) => widths.reduce((sum, width) => sum + width, 0) * em <= room;
  let limit = SHRUNK[0];
  while (limit >= SHRUNK[1] && !fits(limited(limit))) limit -= 1;
  const scrolls = limit < SHRUNK[1];
  const widths = limited(scrolls ? SCROLLED : limit);
  table.columns = columns.map(({ number }, index) => ({ number, width: widths[index] }));
  table.pinned = scrolls && widths[0] <= PINNED;
}

function boxOf(tag, name, role) {
  const box = document.createElement(tag);
  box.className = name;
  if (role) box.setAttribute('role', role);
  return box;
}

// Returns the element of a cell that covers the columns from `index` on.
function cellOf({ columns }, index, covered, role) {
  const cell = boxOf('span', 'source-cell', role);
  const width = columns.slice(index, index + covered)
    .reduce((sum, column) => sum + column.width, 0) || SCROLLED;
  cell.style.setProperty('--width', width.toFixed(2));
  cell.classList.toggle('source-first', index === 0);
  if (covered > 1) cell.setAttribute('aria-colspan', String(covered));
  else if (columns[index]?.number) cell.classList.add('source-number');
  return cell;
}

// Returns the names of the columns as a head of their own, for a part of a table without its head.
// It takes no space, and is only seen where it stays in view above rows of that part.
function namesOf(table) {
  const row = boxOf('div', 'source-tr', 'row');
  table.columns.forEach((_, index) => {
    const name = table.names[index];
    const cell = cellOf(table, index, 1, name ? 'columnheader' : 'cell');
    if (name) {
      const label = boxOf('span', 'source-name', 'img');
      label.dataset.label = name;
      label.setAttribute('aria-label', name);
      cell.append(label);
    }
    row.append(cell);
  });
  const head = boxOf('div', 'source-thead source-names', 'rowgroup');
  head.append(row);
  return head;
}

// Returns the height of `namesOf(table)` in pixels, which CSS cannot refer to.
function heightOfNames(table) {
  const box = boxOf('div', 'source-table');
  box.append(namesOf(table));
  area.append(box);
  const { height } = box.querySelector('.source-tr').getBoundingClientRect();
  box.remove();
  return height;
}

// Appends the cells of the line text[start:end] to `row`. In a head, an empty cell belongs to the
// cell before it, except in the row that names the columns.
function fill(row, text, start, end, { table, marks, quote, numbers, isHead, isWide, isLit }) {
  const cells = [...cellsOf(text, start, end)];
  let reach = 0; // the column after the cell before
  cells.forEach(([first, last, column], index) => {
    while (numbers[0]?.at <= first) row.append(startOf(numbers.shift()));
    if (first < last || column >= reach) {
      const next = cells.slice(index + 1).find(([low, high]) => low < high);
      reach = isWide && first < last ? next?.[2] ?? Math.max(column + 1, table.columns.length)
        : column + 1;
      const names = isHead && text.slice(first, last).trim();
      const cell = cellOf(table, column, reach - column, names ? 'columnheader' : 'cell');
      if (isLit && table.names[column]) cell.dataset.name = table.names[column];
      cell.append(...litWithin(text, first, last, marks, quote));
      row.append(cell);
    }
    if (last < end) row.append('\t');
  });
  row.append(...numbers.map(startOf));
}

// Returns text[from:to], a part of `table`, as rows.
function tableOf(text, table, from, to, marks, quote) {
  if (!table.columns) fit(text, table, marks.room);
  const box = boxOf('div', 'source-table', 'table');
  const isNamed = table.names.length > 0;
  const top = isNamed && table.heads[0]?.start === table.start ? table.heads[0].end : table.start;
  const topRows = [...linesOf(text, table.start, top)].filter(([start, end]) => end > start);
  const lowest = topRows.at(-1)?.[0]; // the row that names the columns
  const isContinued = isNamed && from >= top;
  const head = isContinued ? namesOf(table) : boxOf('div', 'source-thead', 'rowgroup');
  box.classList.toggle('source-pinned', table.pinned);
  box.classList.toggle('source-stuck', isNamed && topRows.length <= STUCK_ROWS);
  if (isContinued) {
    table.height ??= heightOfNames(table);
    box.style.setProperty('--height', `${table.height}px`);
  }
  const inside = { ...marks, starts: [] };
  for (const [start, end, next] of linesOf(text, from, to)) {
    const starts = startsWithin(text, start, next, marks);
    box.append(...starts.filter(({ at, row }) => row === undefined && at < next).map(startOf));
    if (isNamed && !head.parentElement) box.append(head);
    const place = start < top ? head : box;
    if (start < end) {
      const isHead = start < top;
      const isGroup = !isHead && within(table.heads, start, end).length > 0;
      const row = boxOf('div', isGroup ? 'source-tr source-group' : 'source-tr', 'row');
      const isLit = quote && !isHead && quote.start < next && quote.end > start;
      row.classList.toggle('source-lit', Boolean(isLit));
      const numbers = starts.filter((each) => each.row !== undefined);
      const isWide = isGroup || (isHead && start < lowest);
      fill(row, text, start, end, { table, marks: inside, quote, numbers, isHead, isWide, isLit });
      row.append(text.slice(end, next));
      place.append(row);
    } else {
      place.append(text.slice(start, next));
    }
    box.append(...starts.filter(({ at, row }) => row === undefined && at >= next).map(startOf));
  }
  return box;
}
