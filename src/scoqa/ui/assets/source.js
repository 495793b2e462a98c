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
let places = []; // the links of the answer that is being checked, in the order of its numbers
let at = ''; // the one that is open, as its href: messages may be drawn anew
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

// Yields `text` in pieces that end at line ends, or anywhere in a line that never ends.
function* blocks(text) {
  for (let start = 0; start < text.length;) {
    const line = text.indexOf('\n', start + BLOCK);
    let end = line < 0 || line > start + 4 * BLOCK ? start + 4 * BLOCK : line + 1;
    // Not between the two halves of one character.
    if (end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00) end += 1;
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
  const from = long ? Math.max(text.lastIndexOf('\n', start - 1) + 1, start - BLOCK, 0) : 0;
  const line = text.indexOf('\n', end);
  const to = long ? Math.min(line < 0 ? text.length : line + 1, end + BLOCK) : text.length;
  const around = [text.slice(from, start), mark, text.slice(end, to)];
  if (!long) {
    area.replaceChildren(...around);
    return mark;
  }
  const block = document.createElement('div');
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
  document.querySelectorAll('.scoqa-number[aria-current]').forEach((each) => {
    each.removeAttribute('aria-current');
  });
  document.querySelectorAll('.scoqa-number').forEach((each) => {
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
  const source = await fetched(href);
  if (turn !== asked) return;
  at = href;
  // The address of the page becomes that of the place; "back" closes the source.
  if (sheet.hidden) history.pushState({ scoqa: 'source' }, '', href);
  else history.replaceState(history.state, '', href);
  show(source);
}

function show(source) {
  sheet.hidden = false;
  describe(source);
  point();
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
  const scroll = find('source-scroll');
  const [view, box] = [scroll.getBoundingClientRect(), mark.getBoundingClientRect()];
  const above = Math.max(0, (scroll.clientHeight - box.height) / 2); // a long quote: from its top
  scroll.scrollTop += box.top - view.top - above;
}

function hide() {
  asked += 1;
  sheet.hidden = true;
  area.replaceChildren();
  point();
  const links = [...document.querySelectorAll('.scoqa-number')];
  const link = links.find((each) => each === opener?.deref())
    ?? links.find((each) => each.getAttribute('href') === at);
  (link ?? document.querySelector('#scoqa-box textarea'))?.focus();
}

function close() {
  if (sheet.hidden) return;
  if (history.state?.scoqa === 'source') {
    history.back(); // popstate hides it
  } else {
    history.replaceState(null, '', location.pathname);
    hide();
  }
}

let opener = null; // the number that was pressed, if it is still there
document.addEventListener('click', (event) => {
  const link = event.target.closest?.('.scoqa-number');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab opens it too
  event.preventDefault();
  if (event.detail > 1) return; // the second half of a double click
  const answer = link.closest('.scoqa-answer, .scoqa-silence');
  places = [...answer.querySelectorAll('.scoqa-source .scoqa-number')]
    .map((each) => each.getAttribute('href'));
  opener = new WeakRef(link);
  open(link.getAttribute('href'));
});

function step(by) {
  const next = places[places.indexOf(at) + by];
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
document.addEventListener('scoqa:close', close);
document.addEventListener('scoqa:step', (event) => step(event.detail));
document.addEventListener('scoqa:copy', (event) => copy(event.detail));
addEventListener('popstate', () => {
  if (!sheet.hidden) hide();
  else if (history.state?.scoqa === 'source') reopen();
});

// A link to a place opens it, in a new tab, after a restart, or on "forward".
async function reopen() {
  places = [];
  at = location.search;
  const turn = ++asked;
  const source = await fetched(at);
  if (turn === asked) show(source);
}

if (new URLSearchParams(location.search).has('document')) reopen();
