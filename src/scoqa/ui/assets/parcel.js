// Saves what the server packed: the conversation as a file.
// Gradio gives: props (this component's value), watch.
watch('value', () => {
  const parcel = props.value;
  if (!parcel) return;
  if (!parcel.text) {
    const detail = 'There is nothing to save: no question has been answered in this conversation.';
    document.dispatchEvent(new CustomEvent('scoqa:notice', { detail }));
    return;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([parcel.text], { type: 'text/markdown' }));
  link.download = parcel.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  window.scoqa.say(`Saved as ${parcel.name}`);
});
