// Shows the structure of a text: headings, rows, asides, and the starts of slides and pages.
// All characters and their order are unchanged: headings and asides are styled ranges of them. The
// label at a start is an empty element that CSS fills from its data-label, so it is neither copied
// nor counted.
const NOT_SEARCHED = 'Not searched';
const MEASURED = 200; // rows, spread over the text
const FITTING = 0.9; // share of a column's cells that must end before the next tab stop
const WIDEST = 0.5; // of the area's width: a wider stop would waste more space than it helps

// Returns the marks of a text, in UTF-16 units, unpacked from the lists of source/structure.py.
function unpacked(packed) {
  const marks = { starts: [], headings: [], asides: [] };
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

// Returns the distance of tab stops, in CSS, that aligns the cells of rows in columns. Columns of
// long texts are ignored; returns '' if there are no others.
function tabSize(text, { starts }, area) {
  const rows = starts.filter(({ row }) => row !== undefined);
  const every = Math.ceil(rows.length / MEASURED);
  const pen = document.createElement('canvas').getContext('2d');
  const { fontSize, fontFamily } = getComputedStyle(area);
  pen.font = `${fontSize} ${fontFamily}`;
  const columns = [];
  rows.filter((_, index) => index % every === 0).forEach(({ at }) => {
    const cells = text.slice(at, at + 1000).split('\n', 1)[0].split('\t').slice(0, -1);
    cells.forEach((cell, column) => {
      (columns[column] ??= []).push(pen.measureText(cell).width + parseFloat(fontSize));
    });
  });
  const sizes = columns.map((column) => (
    column.sort((a, b) => a - b)[Math.ceil(FITTING * column.length) - 1]
  )).filter((size) => size <= WIDEST * area.clientWidth);
  return sizes.length ? `${Math.ceil(Math.max(...sizes))}px` : '';
}

function startOf({ label, row }) {
  const start = document.createElement('span');
  start.className = row === undefined ? 'source-start' : 'source-row';
  start.dataset.label = label ?? row;
  return start;
}

// Returns the nodes that show text[from:to]; their concatenated text is exactly that range.
function dressed(text, from, to, marks) {
  if (from === to) return [];
  const headings = within(marks.headings, from, to);
  const asides = within(marks.asides, from, to);
  // A start at `to` belongs to the next range, unless there is none.
  const starts = marks.starts.slice(firstOf(marks.starts, ({ at }) => at >= from),
    firstOf(marks.starts, ({ at }) => (to === text.length ? at > to : at >= to)));
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
