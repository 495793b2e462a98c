// Says what the page waits for until the model is in memory, then falls silent.
// Gradio gives: element (this component's root), server (its Python functions).
const line = element.querySelector('.scoqa-state');
const PAUSE_MS = 700;

async function look() {
  let state;
  try {
    state = await server.state();
  } catch (error) {
    state = { loaded: false, problem: null };
  }
  if (!element.isConnected) return;
  line.textContent = state.loaded ? '' : state.problem ?? 'Loading the model…';
  if (!state.loaded && !state.problem) setTimeout(look, PAUSE_MS);
}

look();
