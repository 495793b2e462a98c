// Opens a source at the characters that a link points to, and offers them for copying.
// Gradio provides: element (this component's root), server (its Python functions).
// Text of documents is inserted as text, never as markup.
const find = (name) => element.querySelector('.' + name);
const sheet = find('source-sheet');
const area = find('source-text');
const BARE = { title: '', path: '', place: '', characters: '', date: '', saved: '', digest: '',
  freshness: '', fresh: null, text: '', structure: null, pages: null, start: null, end: null,
  link: null, plain: null, markdown: null };
const PLAIN = { starts: [], headings: [], asides: [], tables: [] };
const LOST = 'The source could not be loaded. Check that scoqa is running and you are logged in.';
// Longer texts are drawn in blocks; the browser lays out only the visible ones.
// In UTF-16 units: the layout of a shorter text takes no noticeable time, and a block is about three
// screens. A text with tables has more to lay out, an element for each cell.
const LONG = 200_000;
const BLOCK = 8_000;
const LONG_TABLED = 16_000;
const BLOCK_TABLED = 2_000;
// The links that open a source: the numbers of an answer, and the expected places of a set.
const LINKS = '.scoqa-number, .expected-words';
let places = []; // the links of the answer that is being checked, in the order of its numbers
let at = ''; // the link that is open, as its href
let wanted = ''; // the link that was requested last; its source may still be loading
let home = null; // the answer that the open link belongs to
let asked = 0; // number of the last request; responses to earlier ones are ignored
let copies = {};
let shown = null; // the source that is open
let view = 'page'; // the view of a source with pages: page or text

function request(href) {
  const place = new URLSearchParams(href.slice(1));
  return {
    document: place.get('document'),
    start: Number(place.get('start')),
    end: Number(place.get('end')),
    digest: place.get('digest'),
    origin: location.origin,
  };
}

// Returns `index`, or the one before it if `index` splits a surrogate pair.
function whole(text, index) {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00 ? index - 1 : index;
}

// Yields text[from:to] in pieces of about `size`, which end at line ends or inside a line that is
// longer than a block of prose.
function* blocks(text, from, to, size) {
  for (let start = from; start < to;) {
    const line = text.indexOf('\n', start + size) + 1;
    const most = start + 4 * BLOCK;
    const end = Math.min(to, whole(text, line === 0 || line > most ? most : line));
    const block = document.createElement('div');
    block.className = 'source-block';
    block.append(prose(text.slice(start, end)));
    dresser.wait(block, start, end);
    yield block;
    start = end;
  }
}

// Adds the structure to a block of a long text shortly before the block becomes visible.
const dresser = (() => {
  let waiting = new WeakMap(); // block -> its range of the text
  let [text, marks] = ['', PLAIN];
  const dress = (block) => {
    observer.unobserve(block);
    if (waiting.has(block)) block.replaceChildren(...laid(text, ...waiting.get(block), marks, null));
    waiting.delete(block);
  };
  const observer = new IntersectionObserver((entries) => {
    entries.filter((each) => each.isIntersecting).forEach((each) => dress(each.target));
  }, { root: sheet, rootMargin: '1500px 0px' });
  return {
    begin(ofText, ofMarks) {
      observer.disconnect();
      [waiting, text, marks] = [new WeakMap(), ofText, ofMarks];
    },
    wait(block, start, end) {
      waiting.set(block, [start, end]);
      observer.observe(block);
    },
    dress,
  };
})();

function lines(...nodes) {
  const block = document.createElement('div');
  block.className = 'source-lines';
  block.append(...nodes);
  return block;
}

// Offsets are in UTF-16 units, as in slice().
function draw({ text, start, end, structure }) {
  const marks = structure ? unpacked(structure) : PLAIN;
  const quote = start === null || end === null ? null : { start, end };
  const tabled = marks.tables.length > 0;
  const long = text.length > (tabled ? LONG_TABLED : LONG);
  const size = tabled ? BLOCK_TABLED : BLOCK;
  area.classList.toggle('source-ruled', marks.starts.some(({ row }) => row !== undefined));
  area.classList.toggle('source-tabled', tabled);
  const empty = lines();
  area.replaceChildren(empty);
  const { paddingInlineStart } = getComputedStyle(empty);
  marks.room = empty.clientWidth - parseFloat(paddingInlineStart);
  dresser.begin(text, marks);
  if (!quote) {
    area.replaceChildren(...(long ? blocks(text, 0, text.length, size)
      : [lines(...laid(text, 0, text.length, marks, null))]));
    return null;
  }
  // Complete lines around the quote, unless they are too long.
  const before = text.lastIndexOf('\n', Math.max(0, start - size) - 1) + 1;
  const from = long && start > size ? whole(text, Math.max(before, start - 2 * BLOCK)) : 0;
  const line = text.indexOf('\n', end + size - 1) + 1;
  const to = long ? whole(text, Math.min(line || text.length, end + 2 * BLOCK, text.length))
    : text.length;
  const around = lines(...laid(text, from, to, marks, quote));
  area.replaceChildren(...blocks(text, 0, from, size), around,
    ...blocks(text, to, text.length, size));
  // The visible blocks get their structure immediately, so that they do not change visibly.
  for (const near of [around.previousSibling, around.nextSibling]) if (near) dresser.dress(near);
  const mark = around.querySelector('mark');
  if (mark) mark.tabIndex = -1; // none: the quote is only a separator of cells
  return mark;
}

function describe(source) {
  find('source-title').textContent = source.title || 'Source';
  for (const name of ['path', 'place']) find('source-' + name).textContent = source[name];
  find('source-date').textContent = source.date || (source.saved && `saved ${source.saved}`);
  find('source-problem').textContent = source.problem ?? '';
  find('source-fresh').textContent = source.freshness;
  find('source-fresh').classList.toggle('source-stale', source.fresh === false);
  const facts = { Characters: source.characters, 'File saved': source.saved,
    'SHA-256 of the file': source.digest };
  find('source-details').hidden = !source.digest;
  find('source-short').textContent = source.digest.slice(0, 12);
  find('source-details').querySelector('dl').replaceChildren(
    ...Object.entries(facts).filter(([, fact]) => fact).flatMap(([name, fact]) => {
      const [term, words] = [document.createElement('dt'), document.createElement('dd')];
      [term.textContent, words.textContent] = [name, fact];
      return [term, words];
    }),
  );
  copies = { plain: source.plain, markdown: source.markdown,
    link: source.link && location.origin + location.pathname + source.link };
  find('source-copies').hidden = !source.link;
}

// Shows which citation of its answer is open, in words and on the numbers.
function point() {
  document.querySelectorAll(LINKS).forEach((each) => { each.removeAttribute('aria-current'); });
  (home?.isConnected ? home : document).querySelectorAll(LINKS).forEach((each) => {
    if (!sheet.hidden && each.getAttribute('href') === at) each.setAttribute('aria-current', 'true');
  });
  const number = places.indexOf(at);
  find('source-steps').hidden = places.length < 2;
  find('source-count').textContent = number < 0 ? '' : `${number + 1} of ${places.length}`;
  // Not disabled, because a disabled button would lose the keyboard focus.
  find('source-previous').setAttribute('aria-disabled', String(number <= 0));
  find('source-next').setAttribute('aria-disabled', String(number >= places.length - 1));
}

// Gradio's call returns undefined if no server responds.
async function fetched(href) {
  const source = await server.source(request(href)).catch(() => undefined);
  return source?.text === undefined ? { ...BARE, problem: LOST } : source;
}

async function open(href) {
  const turn = ++asked;
  wanted = href;
  const source = await fetched(href);
  if (turn !== asked) return;
  at = href;
  // The page's address becomes that of the place; "back" closes the source.
  const state = { scoqa: 'source', places };
  if (sheet.hidden) history.pushState(state, '', href);
  else history.replaceState(history.state && state, '', href);
  show(source);
}

function show(source) {
  shown = source;
  sheet.hidden = false;
  cover(true);
  describe(source);
  point();
  const number = find('source-count').textContent;
  window.scoqa.say(source.problem ?? `${number && `Source ${number}: `}${source.title}, `
    + `${source.place}. ${source.freshness}.`);
  look(source.pages ? view : 'text');
}

// Shows the open source as page or text, and moves the focus there unless a button has it.
function look(as) {
  const paged = as === 'page';
  const chosen = find('source-paging').contains(document.activeElement);
  sheet.classList.toggle('source-paged', paged);
  find('source-paging').hidden = !shown.pages;
  element.querySelectorAll('[data-look]').forEach((each) => {
    each.setAttribute('aria-pressed', String(each.dataset.look === as));
  });
  area.hidden = paged;
  area.replaceChildren();
  if (paged) {
    paper.show(shown, (problem) => {
      find('source-problem').textContent = problem;
      look('text');
    });
    if (!chosen) find('source-scroll').focus({ preventScroll: true });
    return;
  }
  paper.hide();
  const mark = draw(shown);
  find('source-scroll').scrollLeft = 0;
  if (!mark) {
    find('source-scroll').scrollTop = 0;
    if (!chosen) find('source-close').focus();
    return;
  }
  centre(mark);
  if (!chosen) mark.focus({ preventScroll: true });
  // Blocks that become visible now may have another height than estimated.
  requestAnimationFrame(() => requestAnimationFrame(() => centre(mark)));
}

function choose(as) {
  if (sheet.hidden || !shown?.pages) return;
  view = as;
  find('source-problem').textContent = shown.problem ?? '';
  look(as);
}

// On a low screen the complete sheet scrolls, including its head.
function scroller() {
  return matchMedia('(max-height: 30rem)').matches ? sheet : find('source-scroll');
}

// Not scrollIntoView, which also scrolls the containers of the sheet.
function centre(mark) {
  const scroll = scroller();
  const [room, box] = [scroll.getBoundingClientRect(), mark.getBoundingClientRect()];
  const above = Math.max(0, (scroll.clientHeight - box.height) / 2); // a long quote: from its top
  scroll.scrollTop += box.top - room.top - above;
  reveal(mark.closest('.source-cell'));
}

// Scrolls a wide table sideways to `cell`, unless it is in view beside the first column.
function reveal(cell) {
  if (!cell) return;
  const scroll = find('source-scroll');
  const [room, box] = [scroll.getBoundingClientRect(), cell.getBoundingClientRect()];
  const first = cell.parentElement.querySelector('.source-pinned .source-first');
  const pinned = first === cell ? 0 : first?.offsetWidth ?? 0;
  const isRightToLeft = getComputedStyle(cell.parentElement).direction === 'rtl';
  const left = room.left + (isRightToLeft ? 0 : pinned);
  const right = room.right - (isRightToLeft ? pinned : 0);
  if (box.left >= left && box.right <= right) return;
  scroll.scrollLeft += (box.left + box.right - left - right) / 2;
}

// If the sheet covers the conversation, everything behind it is made inert.
function cover(on) {
  const chat = document.querySelector('#scoqa-chat');
  if (chat) chat.inert = on && matchMedia('(max-width: 56rem), (max-height: 30rem)').matches;
}

function hide() {
  asked += 1;
  sheet.hidden = true;
  cover(false);
  area.replaceChildren();
  paper.hide();
  shown = null;
  point();
  const links = [...document.querySelectorAll(LINKS)];
  const link = links.find((each) => each === opener?.deref())
    ?? links.find((each) => each.getAttribute('href') === at);
  const next = goal ? document.querySelector(goal) : link;
  (next ?? document.querySelector('#scoqa-box textarea'))?.focus();
  goal = '';
}

let goal = ''; // the target of the focus after closing, if it is not the source's number

function close(to) {
  if (sheet.hidden) return;
  goal = typeof to === 'string' ? to : '';
  if (history.state?.scoqa === 'source') {
    history.back(); // popstate hides it
  } else {
    history.replaceState(null, '', location.pathname);
    hide();
  }
}

let opener = null; // the number that was pressed, if it still exists
document.addEventListener('click', (event) => {
  const link = event.target.closest?.(LINKS);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab opens it too
  event.preventDefault();
  if (event.detail > 1) return; // the second half of a double click
  home = link.closest('.scoqa-answer, .scoqa-silence, .expected');
  places = [...home.querySelectorAll('.scoqa-source .scoqa-number, .expected-words')]
    .map((each) => each.getAttribute('href'));
  opener = new WeakRef(link);
  open(link.getAttribute('href'));
});

function step(by) {
  const next = places[places.indexOf(wanted) + by];
  if (sheet.hidden || !next) return;
  opener = null;
  open(next);
}

async function copy(what) {
  if (sheet.hidden || !copies[what]) return;
  const names = { plain: 'Quote and citation', markdown: 'Quote and citation, as Markdown',
    link: 'Link' };
  const button = element.querySelector(`[data-copy="${what}"]`);
  if (!await window.scoqa.copy(copies[what], `${names[what]} copied.`)) return;
  button.classList.add('source-done');
  setTimeout(() => button.classList.remove('source-done'), 1500);
}

find('source-close').addEventListener('click', close);
find('source-previous').addEventListener('click', () => step(-1));
find('source-next').addEventListener('click', () => step(1));
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-copy]');
  if (button) copy(button.dataset.copy);
  const other = event.target.closest('[data-look]');
  if (other) choose(other.dataset.look);
});
document.addEventListener('scoqa:close', (event) => close(event.detail));
document.addEventListener('scoqa:step', (event) => step(event.detail));
document.addEventListener('scoqa:copy', (event) => copy(event.detail));
document.addEventListener('scoqa:look', () => choose(area.hidden ? 'text' : 'page'));
addEventListener('popstate', () => {
  if (!sheet.hidden) hide();
  else if (history.state?.scoqa === 'source') reopen();
});

// A link to a place also opens it in a new tab, after a restart, and on "forward".
async function reopen() {
  places = history.state?.places ?? [];
  at = wanted = location.search;
  const turn = ++asked;
  const source = await fetched(at);
  if (turn === asked) show(source);
}

if (new URLSearchParams(location.search).has('document')) reopen();
