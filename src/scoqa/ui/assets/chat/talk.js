// The conversation as it grows: kept in view, announced, asked from elsewhere on the page.
// Runs once, before Gradio draws the page; the rest of the page finds it as window.scoqa.
window.scoqa = (() => {
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const MOST_SENT = 40_000; // UTF-16 units: six bytes each as JSON are near what the guard lets by
  let heard = ''; // what was announced last: how many questions, and how the last one stands

  // Put in after a pause: a screen reader speaks of a change, and only if it was there before.
  function say(text) {
    const line = find('.scoqa-said');
    if (!line) return;
    line.textContent = '';
    setTimeout(() => { line.textContent = text; }, 60);
  }

  function ask(question) {
    const box = find('#scoqa-box textarea');
    box.value = question;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    setTimeout(() => find('#scoqa-button')?.click(), 0);
  }

  // Called as a question is sent: returns what the page says with it.
  function told(question) {
    if (question.length > MOST_SENT) {
      // It is refused before anybody reads it, and stays in the box.
      const detail = 'This is too long for a question: the longest has 2,000 characters.';
      document.dispatchEvent(new CustomEvent('scoqa:notice', { detail }));
    }
    return { collection: find('#scoqa-collection')?.value ?? '*',
      questions: all('.scoqa-question').length };
  }

  // Puts the question that will not be answered back into the box, if that is free.
  function giveBack() {
    const box = find('#scoqa-box textarea');
    const questions = all('.scoqa-question');
    if (!find('.scoqa-pending') || !questions.length || box.value !== '') return;
    box.value = questions[questions.length - 1].textContent;
    box.dispatchEvent(new Event('input', { bubbles: true }));
  }

  async function copy(text, said) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text); // there on this machine and over https only
    } catch (error) {
      const area = document.createElement('textarea');
      const before = document.activeElement;
      area.value = text;
      area.setAttribute('aria-hidden', 'true');
      document.body.append(area);
      area.select();
      done = document.execCommand('copy');
      area.remove();
      before?.focus?.({ preventScroll: true });
    }
    say(done ? said : 'The browser does not let this page copy.');
    return done;
  }

  // Gradio names each message by its markup, reads every change aloud and lets no label through.
  function name() {
    all('#scoqa-talk [role="log"][aria-live="polite"]').forEach((each) => {
      each.setAttribute('aria-live', 'off'); // say() tells what changed, once and in short
      each.setAttribute('aria-label', 'Conversation');
    });
    all('#scoqa-talk [data-testid][aria-label]').forEach((each) => {
      each.removeAttribute('aria-label');
    });
    all('.scoqa-number:not([aria-label])').forEach((each) => {
      each.setAttribute('aria-label', `Source ${each.textContent}`);
      each.removeAttribute('target');
    });
  }

  function words(last) {
    const text = (selector) => last.querySelector(selector)?.textContent ?? '';
    if (last.querySelector('.scoqa-answer')) {
      const snippet = [...last.querySelector('.scoqa-snippet').childNodes]
        .filter((each) => each.nodeName !== 'A').map((each) => each.textContent).join('').trim();
      const sources = last.querySelectorAll('.scoqa-source').length;
      return `${text('.scoqa-confidence')} ${snippet} `
        + (sources === 1 ? 'One source.' : `${sources} sources.`);
    }
    return text('.scoqa-silence-title') + (text('.scoqa-silence-title') && '. ')
      + text('.scoqa-reason') + text('.scoqa-problem') + text('.scoqa-pending');
  }

  // A new question, and its answer, is brought to the top of what is seen: the words that were
  // looked for come first, not the end of the list of sources.
  function follow() {
    name();
    const questions = all('.scoqa-question');
    const rows = all('#scoqa-talk .bot-row');
    document.documentElement.classList.toggle('scoqa-begun', questions.length > 0);
    all('[data-needs="talk"]').forEach((each) => { each.disabled = questions.length === 0; });
    const last = questions[questions.length - 1];
    const said = rows.length ? words(rows[rows.length - 1]) : '';
    const now = `${questions.length}:${said}`;
    if (!last || !said || now === heard) {
      if (!last) heard = '';
      return;
    }
    const stands = heard.split(':')[0] === String(questions.length);
    const waits = rows[rows.length - 1].querySelector('.scoqa-pending');
    heard = now;
    say(said);
    if (!stands || !waits) last.scrollIntoView({ block: 'start' });
  }

  function watch() {
    new MutationObserver(follow).observe(document.body, {
      attributeFilter: ['aria-label', 'aria-live'],
      childList: true,
      subtree: true,
    });
  }

  // Gradio puts this into the page after the page itself, or before it.
  if (document.body) watch();
  else document.addEventListener('DOMContentLoaded', watch);
  // Both buttons leave when they are pressed; whoever pressed is taken to the question.
  document.addEventListener('click', (event) => {
    if (event.target.closest?.('#scoqa-button, #scoqa-stop') && matchMedia('(hover: hover)').matches) {
      find('#scoqa-box textarea').focus();
    }
  });
  return { ask, copy, giveBack, say, told };
})();
