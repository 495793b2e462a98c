// Opens a source at the characters that a link points to, and lets them be taken away.
// Gradio gives: element (this component's root), server (its Python functions).
// Whatever comes from a document is put in as text, never as markup.
const find = (name) => element.querySelector('.' + name);
const sheet = find('source-sheet');
const area = find('source-text');
const BARE = { title: '', path: '', place: '', characters: '', date: '', saved: '', digest: '',
  freshness: '', fresh: null, text: '', structure: null, pages: null, start: null, end: null,
  link: null, plain: null, markdown: null };
const PLAIN = { starts: [], headings: [], asides: [] };
const LOST = 'The source could not be fetched. Is scoqa still running, and are you still logged in?';
// Longer texts are drawn in blocks, of which the browser lays out those in view only.
const LONG = 200_000; // UTF-16 units; below it one layout takes no time that is felt
const BLOCK = 8_000; // some three screens of text
// What opens a source: the numbers of an answer, and the places that a question set expects.
const LINKS = '.scoqa-number, .expected-words';
let places = []; // the links of the answer that is being checked, in the order of its numbers
let at = ''; // the one that is open, as its href
let wanted = ''; // the one that was asked for last: it may still be on its way
let home = null; // the answer it belongs to
let asked = 0; // only the last click counts, however late an earlier one is answered
let copies = {};
let shown = null; // the source that is open
let view = 'page'; // how it is looked at where it has pages: as page or as text

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

// Returns `index`, or the one before it where that lies between the two halves of a character.
function whole(text, index) {
  return (text.charCodeAt(index) & 0xfc00) === 0xdc00 ? index - 1 : index;
}

// Yields text[from:to] in pieces that end at line ends, or anywhere in a line that never ends.
function* blocks(text, from, to) {
  for (let start = from; start < to;) {
    const line = text.indexOf('\n', start + BLOCK) + 1;
    const most = start + 4 * BLOCK;
    const end = Math.min(to, whole(text, line === 0 || line > most ? most : line));
    const block = document.createElement('div');
    block.className = 'source-block';
    block.textContent = text.slice(start, end);
    dresser.wait(block, start, end);
    yield block;
    start = end;
  }
}

// Gives a block of a long text its structure shortly before it comes into view.
const dresser = (() => {
  let waiting = new WeakMap(); // block -> the stretch of the text it holds
  let [text, marks] = ['', PLAIN];
  const dress = (block) => {
    observer.unobserve(block);
    if (waiting.has(block)) block.replaceChildren(...dressed(text, ...waiting.get(block), marks));
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

// Offsets come in UTF-16 units, as slice() counts.
function draw({ text, start, end, structure }) {
  const marks = structure ? unpacked(structure) : PLAIN;
  const marked = start !== null && end !== null;
  const long = text.length > LONG;
  area.classList.toggle('source-ruled', marks.starts.some(({ row }) => row !== undefined));
  area.style.tabSize = tabSize(text, marks, area);
  dresser.begin(text, marks);
  if (!marked) {
    area.replaceChildren(...(long ? blocks(text, 0, text.length)
      : [lines(...dressed(text, 0, text.length, marks))]));
    return null;
  }
  const mark = document.createElement('mark');
  mark.tabIndex = -1;
  mark.append(...dressed(text, start, end, marks));
  // The lines that hold the quote stay whole.
  const before = start === 0 ? 0 : text.lastIndexOf('\n', start - 1) + 1;
  const from = long ? whole(text, Math.max(before, start - BLOCK, 0)) : 0;
  const line = text.indexOf('\n', end);
  const to = long ? whole(text, Math.min(line < 0 ? text.length : line + 1, end + BLOCK))
    : text.length;
  const around = lines(...dressed(text, from, start, marks), mark,
    ...dressed(text, end, to, marks));
  area.replaceChildren(...blocks(text, 0, from), around, ...blocks(text, to, text.length));
  // What is in view at once is not dressed before one's eyes.
  for (const near of [around.previousSibling, around.nextSibling]) if (near) dresser.dress(near);
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

// Says which of its answer's citations is open, in words and on the numbers themselves.
function point() {
  document.querySelectorAll(LINKS).forEach((each) => { each.removeAttribute('aria-current'); });
  (home?.isConnected ? home : document).querySelectorAll(LINKS).forEach((each) => {
    if (!sheet.hidden && each.getAttribute('href') === at) each.setAttribute('aria-current', 'true');
  });
  const number = places.indexOf(at);
  find('source-steps').hidden = places.length < 2;
  find('source-count').textContent = number < 0 ? '' : `${number + 1} of ${places.length}`;
  // Not disabled: the key in use would lose its place.
  find('source-previous').setAttribute('aria-disabled', String(number <= 0));
  find('source-next').setAttribute('aria-disabled', String(number >= places.length - 1));
}

// Gradio's call gives undefined where nobody answers.
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
  // The address of the page becomes that of the place; "back" closes the source.
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

// Shows the source that is open as a page or as text, and takes the focus there; a button keeps it.
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
  if (!mark) {
    find('source-scroll').scrollTop = 0;
    if (!chosen) find('source-close').focus();
    return;
  }
  centre(mark);
  if (!chosen) mark.focus({ preventScroll: true });
  // Blocks that come into view only now may take another height than was guessed.
  requestAnimationFrame(() => requestAnimationFrame(() => centre(mark)));
}

function choose(as) {
  if (sheet.hidden || !shown?.pages) return;
  view = as;
  find('source-problem').textContent = shown.problem ?? '';
  look(as);
}

// On a low screen the whole sheet scrolls, head and all.
function scroller() {
  return matchMedia('(max-height: 30rem)').matches ? sheet : find('source-scroll');
}

// Not scrollIntoView: it also moves what holds the sheet.
function centre(mark) {
  const scroll = scroller();
  const [room, box] = [scroll.getBoundingClientRect(), mark.getBoundingClientRect()];
  const above = Math.max(0, (scroll.clientHeight - box.height) / 2); // a long quote: from its top
  scroll.scrollTop += box.top - room.top - above;
}

// Where the sheet lies over the conversation, nothing behind it takes part.
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

let goal = ''; // where the focus goes when the source has closed, if not back to its number

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

let opener = null; // the number that was pressed, if it is still there
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

// A link to a place opens it, in a new tab, after a restart, or on "forward".
async function reopen() {
  places = history.state?.places ?? [];
  at = wanted = location.search;
  const turn = ++asked;
  const source = await fetched(at);
  if (turn === asked) show(source);
}

if (new URLSearchParams(location.search).has('document')) reopen();
