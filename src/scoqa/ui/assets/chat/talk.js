// The conversation as it grows: keeps it in view, announces it, sends questions from the page.
// Runs once, before Gradio draws the page; other scripts use it as window.scoqa.
window.scoqa = (() => {
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const MOST_SENT = 40_000; // UTF-16 units; as JSON, at six bytes each, near the guard's limit
  let heard = ''; // the last announcement: the number of questions, and the state of the last one

  // Inserted after a pause, because a screen reader announces only changes of an existing element.
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

  // Called when a question is sent; returns the state of the page that is sent with it.
  function told(question) {
    if (question.length > MOST_SENT) {
      // The server would refuse it unread, so it stays in the box.
      const detail = 'This is too long for a question: at most 2,000 characters are allowed.';
      document.dispatchEvent(new CustomEvent('scoqa:notice', { detail }));
    }
    return { collection: find('#scoqa-collection')?.value ?? '*',
      questions: all('.scoqa-question').length };
  }

  // Puts a question that will not be answered back into the box, if the box is empty.
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
      await navigator.clipboard.writeText(text); // available only on localhost and over https
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
    say(done ? said : 'The browser does not allow this page to copy.');
    return done;
  }

  // Gradio labels each message with its markup, reads every change aloud and removes our labels.
  function name() {
    all('#scoqa-talk [role="log"][aria-live="polite"]').forEach((each) => {
      each.setAttribute('aria-live', 'off'); // say() announces changes, once and briefly
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

  // A new question and its answer are scrolled to the top of the view, so that the answer is seen
  // first, not the end of the list of sources.
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

  // Gradio may insert this script before or after the page itself.
  if (document.body) watch();
  else document.addEventListener('DOMContentLoaded', watch);
  // Both buttons disappear when they are pressed; the focus then moves to the question.
  document.addEventListener('click', (event) => {
    if (event.target.closest?.('#scoqa-button, #scoqa-stop') && matchMedia('(hover: hover)').matches) {
      find('#scoqa-box textarea').focus();
    }
  });
  return { ask, copy, giveBack, say, told };
})();
