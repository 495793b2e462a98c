// Opens a parcel of the server: the conversation as a file, or a sentence for the top of the page.
// Gradio provides: props (this component's value), watch.
watch('value', () => {
  const parcel = props.value;
  if (!parcel) return;
  if (parcel.notice) {
    document.dispatchEvent(new CustomEvent('scoqa:notice', { detail: parcel.notice }));
    return;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([parcel.text], { type: 'text/markdown' }));
  link.download = parcel.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  window.scoqa.say(`Saved as ${parcel.name}`);
});
