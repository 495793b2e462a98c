// Shows the structure of a text: headings, tables, asides, and the starts of slides, pages and rows.
// All characters and their order are unchanged: headings and asides are styled ranges of them. The
// label at a start is an empty element that CSS fills from its data-label, so it is neither copied
// nor counted.
const NOT_SEARCHED = 'Not searched';

// Returns the marks of a text, in UTF-16 units, unpacked from the lists of source/structure.py.
function unpacked(packed) {
  const marks = { starts: [], headings: [], asides: [], tables: [] };
  let [at, row] = [0, 0];
  for (let i = 0; i < packed.starts.length; i += 2) {
    at += packed.starts[i];
    const label = packed.starts[i + 1];
    if (typeof label !== 'string') row = label ?? row + 1;
    marks.starts.push(typeof label === 'string' ? { at, label } : { at, row });
  }
  at = 0;
  for (let i = 0; i < packed.headings.length; i += 3) {
    at += packed.headings[i];
    marks.headings.push({ start: at, end: at + packed.headings[i + 1],
      level: packed.headings[i + 2] });
  }
  at = 0;
  for (let i = 0; i < packed.asides.length; i += 2) {
    at += packed.asides[i];
    marks.asides.push({ start: at, end: at + packed.asides[i + 1] });
  }
  at = 0;
  for (let i = 0; i < packed.tables.length; i += 4) {
    at += packed.tables[i];
    const [length, head, names] = packed.tables.slice(i + 1, i + 4);
    if (names !== null) {
      marks.tables.push({ start: at, heads: [], names: names ? names.split('\t') : [] });
    }
    const table = marks.tables.at(-1);
    table.end = at + length;
    if (head) table.heads.push({ start: at, end: at + head });
  }
  return marks;
}

// Returns the index of the first item for which `holds`, which must hold for all later items too.
function firstOf(list, holds) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Returns the ranges of `list`, which do not overlap, that intersect text[from:to].
function within(list, from, to) {
  return list.slice(firstOf(list, (each) => each.end > from),
    firstOf(list, (each) => each.start >= to));
}

// Returns the starts that belong to text[from:to]: a start at `to` belongs to the next range, unless
// there is none.
function startsWithin(text, from, to, { starts }) {
  return starts.slice(firstOf(starts, ({ at }) => at >= from),
    firstOf(starts, ({ at }) => (to === text.length ? at > to : at >= to)));
}

function startOf({ label, row }) {
  const start = document.createElement('span');
  start.className = row === undefined ? 'source-start' : 'source-row';
  start.dataset.label = label ?? row;
  return start;
}

// Returns the nodes that show text[from:to] without tables and quote.
function dressed(text, from, to, marks) {
  if (from === to) return [];
  const headings = within(marks.headings, from, to);
  const asides = within(marks.asides, from, to);
  const starts = startsWithin(text, from, to, marks);
  if (!headings.length && !asides.length && !starts.length) return [text.slice(from, to)];
  const cuts = new Set([from, to]);
  for (const { start, end } of [...headings, ...asides]) cuts.add(start).add(end);
  for (const { at } of starts) cuts.add(at);
  const places = [...cuts].filter((at) => at >= from && at <= to).sort((a, b) => a - b);
  const nodes = [];
  let [h, a, s] = [0, 0, 0];
  places.forEach((at, index) => {
    while (headings[h]?.end <= at) h += 1;
    while (asides[a]?.end <= at) a += 1;
    if (asides[a]?.start === at) nodes.push(startOf({ label: NOT_SEARCHED }));
    for (; starts[s]?.at === at; s += 1) nodes.push(startOf(starts[s]));
    const end = places[index + 1];
    if (end === undefined) return;
    let node = document.createTextNode(text.slice(at, end));
    if (headings[h]?.start <= at) node = inHeading(node, headings[h], at, end);
    if (asides[a]?.start <= at) node = inAside(node);
    nodes.push(node);
  });
  return nodes;
}

function inHeading(node, heading, start, end) {
  const dress = document.createElement('span');
  dress.className = `source-heading source-level-${heading.level}`;
  // A heading that a quote splits would be read aloud as several headings.
  if (start === heading.start && end === heading.end) {
    dress.setAttribute('role', 'heading');
    dress.setAttribute('aria-level', String(heading.level + 2)); // below the source's own title
  }
  dress.append(node);
  return dress;
}

function inAside(node) {
  const dress = document.createElement('span');
  dress.className = 'source-aside';
  dress.title = NOT_SEARCHED;
  dress.append(node);
  return dress;
}

// Returns the nodes of text[from:to], which contains no part of a table, with the quote lit.
function litWithin(text, from, to, marks, quote) {
  const [start, end] = [Math.max(from, quote?.start ?? to), Math.min(to, quote?.end ?? from)];
  if (start >= end) return dressed(text, from, to, marks);
  const mark = document.createElement('mark');
  mark.append(...dressed(text, start, end, marks));
  return [...dressed(text, from, start, marks), mark, ...dressed(text, end, to, marks)];
}

// Text beside tables keeps to the visible width while a wide table is scrolled sideways.
function prose(...nodes) {
  const block = document.createElement('div');
  block.className = 'source-prose';
  block.append(...nodes);
  return block;
}

// Returns the nodes that show text[from:to]; their concatenated text is exactly that range.
// quote: the range to light up, or null; in a table, its part in each cell is lit.
function laid(text, from, to, marks, quote) {
  if (!marks.tables.length) return litWithin(text, from, to, marks, quote);
  const nodes = [];
  let at = from;
  for (const table of within(marks.tables, from, to)) {
    const [start, end] = [Math.max(from, table.start), Math.min(to, table.end)];
    if (at < start) nodes.push(prose(...litWithin(text, at, start, marks, quote)));
    nodes.push(tableOf(text, table, start, end, marks, quote));
    at = end;
  }
  if (at < to) nodes.push(prose(...litWithin(text, at, to, marks, quote)));
  return nodes;
}
