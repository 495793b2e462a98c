// Shows the image of a page with strokes over the quote; turns pages and zooms.
// The images are from source/page_images.py. Fractions of the page become percentages, so that the
// strokes stay on their words at every size.
const paper = (() => {
  const part = (name) => element.querySelector('.source-' + name);
  const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4]; // 1: the available width
  const TURNING_MS = 120; // if pages are turned faster, only the last one is drawn
  const INSTEAD = 'The page cannot be shown, so here is the text: ';
  const LOST = 'it could not be fetched. Is scoqa still running, and are you still logged in?';
  const sheet = part('paper');
  const image = sheet.querySelector('img');
  let pages = null; // the data of source/page_images.py for the open source
  let about = {}; // its title and its quote
  let number = 0; // the displayed page, from 1; 0 if none
  let zoom = 1;
  let drawn = ''; // the address of the image that is shown or loading
  let timer = 0;
  let asking = null; // aborts the current request
  let failed = () => {};

  const labelOf = (page) => pages.labels[page - 1] ?? String(page);
  const strokesOn = (page) => pages.strokes.find(([each]) => each === page)?.[1] ?? [];

  function words(page) {
    const [label, total] = [labelOf(page), pages.labels.length.toLocaleString('en')];
    return pages.labels[page - 1] === null ? `p. ${label} of ${total}`
      : `p. ${label} (${page.toLocaleString('en')} of ${total})`;
  }

  // The smallest available width that is as sharp as the screen.
  function address() {
    const wanted = sheet.clientWidth * devicePixelRatio;
    const width = pages.widths.find((each) => each >= wanted) ?? Math.max(...pages.widths);
    return `${pages.address}${number}?${new URLSearchParams({ width, digest: pages.digest })}`;
  }

  async function fetchImage() {
    if (!pages || !sheet.clientWidth) return;
    const wanted = address();
    if (wanted === drawn) return;
    drawn = wanted;
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    let problem = LOST;
    try {
      const reply = await fetch(wanted, { signal });
      if (reply.ok && reply.headers.get('content-type') === 'image/png') {
        const url = URL.createObjectURL(await reply.blob());
        if (signal.aborted) { URL.revokeObjectURL(url); return; }
        const before = image.src;
        image.src = url;
        await image.decode();
        if (before.startsWith('blob:')) URL.revokeObjectURL(before);
        if (!signal.aborted) sheet.classList.add('source-drawn');
        return;
      }
      problem = (await reply.json()).problem ?? LOST;
    } catch (error) {
      if (signal.aborted) return;
    }
    if (signal.aborted) return;
    drawn = '';
    failed(INSTEAD + problem);
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(fetchImage, TURNING_MS);
  }

  // The center of the view as fractions of the page; and the scroll position for it.
  function middle() {
    const [view, box] = [scroller().getBoundingClientRect(), sheet.getBoundingClientRect()];
    return [(view.left + view.width / 2 - box.left) / box.width,
      (view.top + view.height / 2 - box.top) / box.height];
  }

  function moveTo([across, down]) {
    for (const each of new Set([part('scroll'), scroller()])) {
      const [view, box] = [each.getBoundingClientRect(), sheet.getBoundingClientRect()];
      each.scrollLeft += box.left + across * box.width - view.left - each.clientWidth / 2;
      each.scrollTop += box.top + down * box.height - view.top - each.clientHeight / 2;
    }
  }

  function toQuote() {
    const boxes = strokesOn(number);
    if (!boxes.length) {
      moveTo([0.5, 0]);
      return;
    }
    const side = (index, pick) => pick(...boxes.map((box) => box[index]));
    const [view, box] = [scroller().getBoundingClientRect(), sheet.getBoundingClientRect()];
    // If a quote is larger than the view, its beginning is shown.
    const between = (first, low, high, room) => (high - low <= room ? (low + high) / 2
      : first + room / 2);
    moveTo([between(boxes[0][0], side(0, Math.min), side(2, Math.max), 0.9 * view.width / box.width),
      between(boxes[0][1], side(1, Math.min), side(3, Math.max), 0.9 * view.height / box.height)]);
  }

  function quoteInView() {
    const first = part('strokes').firstElementChild?.getBoundingClientRect();
    const view = scroller().getBoundingClientRect();
    return first && first.bottom > view.top && first.top < view.bottom
      && first.right > view.left && first.left < view.right;
  }

  function stroke([left, top, right, bottom]) {
    const each = document.createElement('span');
    each.className = 'source-stroke';
    const percent = (share) => `${100 * share}%`;
    Object.assign(each.style, { left: percent(left), top: percent(top),
      width: percent(right - left), height: percent(bottom - top) });
    return each;
  }

  function enable(button, on) {
    button.setAttribute('aria-disabled', String(!on)); // not disabled, which would lose the keyboard focus
  }

  function describe() {
    const marked = strokesOn(number).length > 0;
    part('page-number').textContent = words(number);
    enable(part('page-previous'), number > 1);
    enable(part('page-next'), number < pages.labels.length);
    part('to-quote').hidden = marked || !pages.strokes.length;
    image.alt = `${words(number)} of ${about.title}`;
    part('quoted').textContent = marked ? `Marked on this page: “${about.quote}”` : '';
    return words(number) + (marked ? ', with the quote marked' : '');
  }

  function enlarge(to) {
    if (!pages || sheet.hidden) return;
    const [before, near] = [middle(), quoteInView()];
    zoom = to;
    sheet.style.setProperty('--zoom', zoom);
    enable(part('smaller'), zoom > ZOOMS[0]);
    enable(part('larger'), zoom < ZOOMS[ZOOMS.length - 1]);
    if (near) toQuote();
    else moveTo(before);
    later();
    window.scoqa.say(zoom === 1 ? 'Fits the width' : `${100 * zoom} % of the width`);
  }

  function resize(by) {
    const next = ZOOMS[ZOOMS.indexOf(zoom) + by];
    if (next !== undefined) enlarge(next);
  }

  function go(page) {
    if (!pages || sheet.hidden || page === number || page < 1 || page > pages.labels.length) return;
    turn(page);
    window.scoqa.say(describe());
  }

  function turn(page) {
    number = page;
    const [width, height] = pages.sizes.slice(2 * (page - 1), 2 * page);
    sheet.style.aspectRatio = `${width} / ${height}`;
    asking?.abort();
    drawn = ''; // also if this page was shown before the page that is left now
    sheet.classList.remove('source-drawn');
    part('strokes').replaceChildren(...strokesOn(page).map(stroke));
    describe();
    toQuote();
    later();
  }

  part('page-previous').addEventListener('click', () => go(number - 1));
  part('page-next').addEventListener('click', () => go(number + 1));
  part('to-quote').addEventListener('click', () => {
    go(pages.at);
    part('scroll').focus({ preventScroll: true }); // the button is hidden now
  });
  part('smaller').addEventListener('click', () => resize(-1));
  part('larger').addEventListener('click', () => resize(1));
  part('fit').addEventListener('click', () => enlarge(1));
  document.addEventListener('scoqa:turn', (event) => go(number + event.detail));
  document.addEventListener('scoqa:zoom', (event) => {
    if (event.detail === 0) enlarge(1);
    else resize(event.detail);
  });
  // At the end of a page the key for the next screen turns the page.
  part('scroll').addEventListener('keydown', (event) => {
    const by = { PageDown: 1, PageUp: -1 }[event.key];
    if (!by || sheet.hidden) return;
    const view = scroller();
    const left = by > 0 ? view.scrollHeight - view.clientHeight - view.scrollTop : view.scrollTop;
    if (left > 1) return;
    event.preventDefault();
    go(number + by);
  });
  new ResizeObserver(() => { if (pages && !sheet.hidden) later(); }).observe(sheet);

  return {
    // Shows the page where the quote of `source` begins. whenFailed: called with the problem.
    show(source, whenFailed) {
      clear();
      pages = source.pages;
      const quote = source.start === null ? '' : source.text.slice(source.start, source.end);
      about = { title: source.title, quote };
      failed = whenFailed;
      sheet.hidden = false;
      turn(pages.at);
    },
    hide: clear,
  };

  function clear() {
    asking?.abort();
    clearTimeout(timer);
    if (image.src) URL.revokeObjectURL(image.src);
    image.removeAttribute('src');
    image.alt = '';
    [pages, number, drawn] = [null, 0, ''];
    part('strokes').replaceChildren();
    part('quoted').textContent = '';
    sheet.classList.remove('source-drawn');
    sheet.hidden = true;
  }
})();
