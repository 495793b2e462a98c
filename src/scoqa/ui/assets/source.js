// Opens a source at the characters that a link points to, and lets them be taken away.
// Gradio gives: element (this component's root), server (its Python functions).
// Whatever comes from a document is put in as text, never as markup.
const find = (name) => element.querySelector('.' + name);
const sheet = find('source-sheet');
const area = find('source-text');
const BARE = { title: '', path: '', place: '', characters: '', date: '', saved: '', digest: '',
  freshness: '', fresh: null, text: '', start: null, end: null, link: null, plain: null,
  markdown: null };
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

// Yields `text` in pieces that end at line ends, or anywhere in a line that never ends.
function* blocks(text) {
  for (let start = 0; start < text.length;) {
    const line = text.indexOf('\n', start + BLOCK);
    const end = whole(text, line < 0 || line > start + 4 * BLOCK ? start + 4 * BLOCK : line + 1);
    const block = document.createElement('div');
    block.className = 'source-block';
    block.textContent = text.slice(start, end);
    yield block;
    start = end;
  }
}

// Offsets come in UTF-16 units, as slice() counts.
function draw({ text, start, end }) {
  const marked = start !== null && end !== null;
  const long = text.length > LONG;
  if (!marked) {
    area.replaceChildren(...(long ? blocks(text) : [text]));
    return null;
  }
  const mark = document.createElement('mark');
  mark.tabIndex = -1;
  mark.textContent = text.slice(start, end);
  // The lines that hold the quote stay whole.
  const before = start === 0 ? 0 : text.lastIndexOf('\n', start - 1) + 1;
  const from = long ? whole(text, Math.max(before, start - BLOCK, 0)) : 0;
  const line = text.indexOf('\n', end);
  const to = long ? whole(text, Math.min(line < 0 ? text.length : line + 1, end + BLOCK))
    : text.length;
  const around = [text.slice(from, start), mark, text.slice(end, to)];
  if (!long) {
    area.replaceChildren(...around);
    return mark;
  }
  const block = document.createElement('div');
  block.className = 'source-lines';
  block.append(...around);
  area.replaceChildren(...blocks(text.slice(0, from)), block, ...blocks(text.slice(to)));
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
  sheet.hidden = false;
  cover(true);
  describe(source);
  point();
  const number = find('source-count').textContent;
  window.scoqa.say(source.problem ?? `${number && `Source ${number}: `}${source.title}, `
    + `${source.place}. ${source.freshness}.`);
  const mark = draw(source);
  if (!mark) {
    find('source-scroll').scrollTop = 0;
    find('source-close').focus();
    return;
  }
  centre(mark);
  mark.focus({ preventScroll: true });
  // Blocks that come into view only now may take another height than was guessed.
  requestAnimationFrame(() => requestAnimationFrame(() => centre(mark)));
}

// Not scrollIntoView: it also moves what holds the sheet.
function centre(mark) {
  const inner = find('source-scroll');
  // On a low screen the whole sheet scrolls, head and all.
  const scroll = getComputedStyle(inner).overflowY === 'visible' ? sheet : inner;
  const [view, box] = [scroll.getBoundingClientRect(), mark.getBoundingClientRect()];
  const above = Math.max(0, (scroll.clientHeight - box.height) / 2); // a long quote: from its top
  scroll.scrollTop += box.top - view.top - above;
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
});
document.addEventListener('scoqa:close', (event) => close(event.detail));
document.addEventListener('scoqa:step', (event) => step(event.detail));
document.addEventListener('scoqa:copy', (event) => copy(event.detail));
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
