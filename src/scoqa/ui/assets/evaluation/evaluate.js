// The evaluation page, drawn from the server's state; text is always inserted as text.
const PAUSE_MS = 700; // between two requests during a run
const REST_MS = 5000; // otherwise: to notice runs of the terminal, and that scoqa has stopped
const MOST_BYTES = 16 * 2 ** 20; // the server's limit; checked here before the upload
const MOST_RUNS = 20; // shown at first
const STEP = 0.25; // share of a run between two spoken reports of progress
const OFFLINE = 'scoqa does not answer. Start it again in the terminal, then reload this page.';
const LOGGED_OUT = 'Your login has ended. Reload this page to log in again.';
const NAMES = { 'Success@5': 'in the first 5 passages', 'false answers': 'false answers, fewer is better' };
const find = (selector) => document.querySelector(selector);
let state = null;
let drawn = {}; // the displayed state of each part, as JSON
let timer = 0;
let ticked = []; // ids of the runs to compare
let all = false; // whether all runs are shown
let wait = ''; // the part that receives the focus after it is drawn
let spoken = '';

function counted(number, noun) {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}

function make(tag, words = '', set = {}) {
  const made = Object.assign(document.createElement(tag), set);
  made.append(...[words].flat().filter((each) => each !== '' && each !== null));
  return made;
}

function does(name, key, words, label) {
  const button = make('button', words, { type: 'button' });
  button.dataset.does = name;
  button.dataset.key = key;
  button.setAttribute('aria-label', label);
  return button;
}

function speak(words) {
  if (words === spoken) return;
  spoken = words;
  find('.said').textContent = words;
}

function say(problem) {
  if (find('.problem').textContent !== problem) find('.problem').textContent = problem;
}

// Replaces the rows of a list only if they have changed; the focus stays on the same element.
function fill(list, items, row) {
  const at = document.activeElement;
  const kept = list.contains(at) ? { ...at.dataset } : null;
  list.replaceChildren(...items.map(row));
  if (!kept) return;
  const same = [...list.querySelectorAll('[data-key]')].filter((each) => each.dataset.key === kept.key);
  (same.find((each) => each.dataset.does === kept.does) ?? same[0])?.focus({ preventScroll: true });
}

function duration(seconds) {
  if (seconds < 60) return 'less than a minute';
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `about ${counted(minutes, 'minute')}`;
  return `about ${counted(Math.round(minutes / 60), 'hour')}`;
}

// -- the current run ---------------------------------------------------------------------------

function nowWords(running, ended) {
  if (running) {
    if (!running.total) return [`${running.name}`, `${running.doing}…`];
    const far = `${running.done.toLocaleString('en')} of ${counted(running.total, 'question')}`;
    const left = running.left === null || running.done === running.total ? ''
      : ` · ${duration(running.left)} left`;
    const doing = running.doing === 'Asking' ? '' : ` · ${running.doing.toLowerCase()}…`;
    return [`Asking ${running.name}`, running.stopping && running.doing === 'Asking'
      ? `${far} · stopping after this one…` : far + left + doing];
  }
  if (ended.kind === 'finished') {
    return [`${ended.name} is done`, `${counted(ended.total, 'question')} asked.`];
  }
  const kept = ended.done === 0 ? ''
    : ` ${ended.done.toLocaleString('en')} of ${counted(ended.total, 'question')} are answered, and kept.`;
  if (ended.kind === 'stopped') return [`${ended.name} was stopped`, kept.trim() || 'Nothing was asked yet.'];
  return [`${ended.name} could not be asked`, ended.problem + kept];
}

function corrections(told) {
  const part = find('.corrections');
  part.hidden = told.count === 0;
  const verb = told.count === 1 ? 'does not stand where the set says' : 'do not stand where the set says';
  part.querySelector('summary').textContent = `${counted(told.count, 'answer')} ${verb}`;
  const more = told.count - told.first.length;
  const lines = more > 0 ? [...told.first, `And ${more.toLocaleString('en')} more like these.`] : told.first;
  part.querySelector('ul').replaceChildren(...lines.map((line) => make('li', line, { dir: 'auto' })));
}

function drawNow({ running, ended }) {
  const part = find('.now');
  part.hidden = !running && !ended;
  if (part.hidden) return;
  const [title, line] = nowWords(running, ended);
  if (find('#now-title').textContent !== title) find('#now-title').textContent = title;
  find('.now-line').textContent = line;
  const bar = find('progress');
  bar.hidden = !running;
  if (running?.total) {
    [bar.max, bar.value] = [running.total, running.done];
  } else {
    bar.removeAttribute('value');
  }
  corrections((running ?? ended).corrections);
  const had = part.contains(document.activeElement);
  find('.stop').hidden = !running;
  find('.stop').disabled = Boolean(running?.stopping) || running?.doing === 'Computing the measures';
  find('.now a').hidden = !ended?.run;
  if (ended?.run) find('.now a').href = `/evaluate/runs/${encodeURIComponent(ended.run)}`;
  const goes = Boolean(ended) && ended.kind !== 'finished';
  const on = goes && state.sets.some((each) => each.key === ended.key && each.answered !== null);
  find('.go-on').hidden = !on;
  find('.again').hidden = !goes;
  find('.again').textContent = on ? 'Begin again' : 'Try again';
  for (const each of ['.go-on', '.again']) find(each).dataset.key = ended?.key ?? '';
  const active = document.activeElement;
  const lost = had && (active === document.body || active.hidden || active.disabled);
  if (wait === 'now' || lost) {
    wait = '';
    find('#now-title').focus();
  }
  const share = running?.total ? Math.floor(running.done / running.total / STEP) * STEP * 100 : 0;
  speak(running ? (share > 0 ? `${title}: ${share} percent.` : `${title}.`) : `${title}. ${line}`);
}

// -- sets --------------------------------------------------------------------------------------

function setRow(each) {
  const facts = [each.questions === null ? null : counted(each.questions, 'question'),
    each.brings ? 'has its own documents' : null, each.uploaded ? 'added here' : null];
  const about = make('div', [make('p', each.name, { className: 'title', dir: 'auto' }),
    make('p', facts.filter(Boolean).join(' · '), { className: 'meta' })]);
  const row = make('li', about);
  if (each.problem) {
    about.append(make('p', each.problem, { className: 'wrong', dir: 'auto' }));
    return row;
  }
  const buttons = make('p', '', { className: 'buttons' });
  if (each.answered !== null) {
    buttons.append(does('again', each.key, 'Begin again', `Begin again with ${each.name}`),
      does('start', each.key, 'Go on', `Go on with ${each.name}, after ${each.answered}`));
  } else {
    buttons.append(does('start', each.key, 'Run', `Run ${each.name}`));
  }
  for (const button of buttons.children) button.disabled = Boolean(state.running || state.unwritable);
  row.append(buttons);
  return row;
}

function drawSets({ sets, unwritable, folder }) {
  find('.no-sets').hidden = sets.length > 0;
  find('.folder').textContent = folder;
  find('#file').disabled = Boolean(unwritable);
  find('.add .button').classList.toggle('off', Boolean(unwritable));
  fill(find('.sets'), sets, setRow);
}

// -- runs --------------------------------------------------------------------------------------

function written(value) {
  return value === null || value === undefined ? '–' : value.toFixed(3);
}

function when(started) {
  const date = new Date(started);
  return Number.isNaN(date.getTime()) ? started : date.toLocaleString('en-GB',
    { day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' });
}

function measured(measures) {
  return make('dl', state.headlines.map((name) => make('div',
    [make('dt', NAMES[name] ?? name), make('dd', written(measures?.[name]))])));
}

function runRow(run) {
  const path = `/evaluate/runs/${encodeURIComponent(run.id)}`;
  const label = `${run.set}, ${when(run.started)}`;
  const far = run.finished ? counted(run.questions, 'question')
    : `stopped after ${run.done.toLocaleString('en')} of ${counted(run.questions, 'question')}`;
  const row = make('li', make('div', [make('p', run.set, { className: 'title', dir: 'auto' }),
    make('p', `${when(run.started)} · ${far}`, { className: 'meta' })]));
  if (run.done > 0) {
    const read = make('a', run.finished ? 'Report' : 'Report so far', { href: path, className: 'button' });
    read.dataset.key = run.id;
    read.setAttribute('aria-label', `${read.textContent}: ${label}`);
    row.append(make('p', read, { className: 'buttons' }));
  }
  if (run.finished) {
    row.append(run.measures ? measured(run.measures)
      : make('p', 'The measures are being computed…', { className: 'foot' }));
  }
  if (run.done > 0) row.append(foot(run, path, label));
  return row;
}

function foot(run, path, label) {
  const files = [['report.json', 'JSON'], ['report.csv', 'CSV'], ['run', 'run'], ['qrels', 'qrels']].map(([name, words]) => {
    const link = make('a', words, { href: `${path}/${name}`, download: '' });
    link.dataset.key = run.id;
    link.dataset.does = name;
    link.setAttribute('aria-label', `${words} of ${label}`);
    if (words === name) link.title = 'In the format of the TREC tools';
    return link;
  });
  const part = make('p', [...files], { className: 'foot' });
  if (comparable().length > 1) {
    const box = make('input', '', { type: 'checkbox' });
    box.dataset.does = 'tick';
    box.dataset.key = run.id;
    box.setAttribute('aria-label', `Compare ${label}`);
    part.prepend(make('label', [box, 'Compare']));
  }
  return part;
}

function comparable() {
  return state.runs.filter((run) => run.done > 0);
}

function drawRuns({ runs }) {
  find('.no-runs').hidden = runs.length > 0;
  ticked = ticked.filter((id) => runs.some((run) => run.id === id));
  fill(find('.runs'), all ? runs : runs.slice(0, MOST_RUNS), runRow);
  find('.more').hidden = all || runs.length <= MOST_RUNS;
  find('.more').textContent = `Show all ${runs.length.toLocaleString('en')} runs`;
  drawTicks();
}

function drawTicks() {
  for (const box of document.querySelectorAll('.runs input')) {
    box.checked = ticked.includes(box.dataset.key);
    box.disabled = !box.checked && ticked.length === 2;
  }
  const few = comparable().length < 2;
  find('.compare').hidden = few;
  find('.compare').disabled = ticked.length !== 2;
  find('.compare-hint').hidden = few || ticked.length === 2;
  find('.compare-hint').textContent = 'Tick two runs to see what changed from the older to the newer.';
}

// -- all of it ---------------------------------------------------------------------------------

function draw() {
  find('.workspace').textContent = state.workspace;
  const none = state.documents === 0
    ? 'There are no documents in the index. Only sets with their own documents can be run.' : '';
  say(state.problem ?? state.unwritable ?? none);
  const busy = Boolean(state.running);
  const parts = {
    now: [drawNow, [state.running, state.ended, state.sets]],
    sets: [drawSets, [state.sets, busy, state.unwritable, state.folder]],
    runs: [drawRuns, [state.runs, all]],
  };
  for (const [name, [drawPart, shows]] of Object.entries(parts)) {
    const shown = JSON.stringify(shows);
    if (shown === drawn[name]) continue;
    drawn[name] = shown;
    drawPart(state);
  }
}

// Returns the server's response, or null after showing an error message.
async function asked(path, options = {}) {
  let reply;
  try {
    reply = await fetch(`/evaluate/${path}`, { cache: 'no-store', ...options });
  } catch (error) {
    say(OFFLINE);
    return null;
  }
  if (reply.status === 401 || reply.redirected) {
    say(LOGGED_OUT);
    return null;
  }
  const told = await reply.json().catch(() => ({ problem: '' }));
  return { ok: reply.ok, ...(reply.ok ? { told } : { problem: told.problem || `The server said ${reply.status}.` }) };
}

async function look() {
  clearTimeout(timer);
  const reply = await asked('state');
  if (reply?.ok) {
    state = reply.told;
    draw();
  } else if (reply) {
    say(reply.problem);
  }
  clearTimeout(timer);
  const counting = state?.runs.some((run) => run.finished && run.measures === null);
  timer = setTimeout(look, reply?.ok && (state.running || counting) ? PAUSE_MS : REST_MS);
}

async function send(path, value, focus) {
  const reply = await asked(path, { method: 'POST', body: JSON.stringify(value),
    headers: { 'content-type': 'application/json' } });
  if (reply && !reply.ok) {
    find('.added').textContent = reply.problem;
  } else if (reply) {
    wait = focus;
    find('.added').textContent = '';
    state = reply.told;
    draw();
  }
  look();
}

async function upload(file) {
  const line = find('.added');
  if (file.size > MOST_BYTES) {
    line.textContent = `${file.name} has more than 16 MB. Put it into the folder instead.`;
    return;
  }
  line.textContent = `Adding ${file.name}…`;
  const reply = await asked(`sets?name=${encodeURIComponent(file.name)}`, { method: 'POST', body: file,
    headers: { 'content-type': 'application/octet-stream' } });
  if (!reply) {
    line.textContent = '';
    return;
  }
  line.textContent = reply.ok
    ? `${reply.told.name} was added: ${counted(reply.told.questions, 'question')}.` : reply.problem;
  await look();
  if (reply.ok) {
    [...document.querySelectorAll('.sets [data-does="start"]')]
      .find((each) => each.dataset.key === reply.told.key)?.focus();
  }
}

const acts = {
  start: (key) => send('start', { set: key }, 'now'),
  again: (key) => send('start', { set: key, anew: true }, 'now'),
};

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.matches('.stop')) send('stop', {}, '');
  else if (button.matches('.go-on')) acts.start(button.dataset.key);
  else if (button.matches('.again')) acts.again(button.dataset.key);
  else if (button.matches('.more')) {
    all = true;
    draw();
    find('.runs').children[MOST_RUNS].querySelector('a, input')?.focus();
  } else if (button.matches('.compare')) {
    // The list starts with the newest run.
    const [newer, older] = state.runs.map((run) => run.id).filter((id) => ticked.includes(id));
    location.href = `/evaluate/runs/${encodeURIComponent(newer)}?compare=${encodeURIComponent(older)}`;
  } else acts[button.dataset.does]?.(button.dataset.key);
});

document.addEventListener('change', (event) => {
  const box = event.target;
  if (box.dataset.does === 'tick') {
    ticked = box.checked ? [...ticked, box.dataset.key] : ticked.filter((id) => id !== box.dataset.key);
    drawTicks();
  } else if (box.id === 'file' && box.files.length) {
    upload(box.files[0]);
    box.value = ''; // so that the same file can be selected again after a correction
  }
});

find('.add').addEventListener('submit', (event) => event.preventDefault());
look();
