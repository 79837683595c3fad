// A button that copies what stands in an element; without a clipboard the text can still be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const told = document.querySelector(`[data-copied-for="${button.dataset.copy}"]`);
    try {
      await navigator.clipboard.writeText(source.textContent);
      told.textContent = "Copied.";
    } catch {
      getSelection().selectAllChildren(source);
      told.textContent = "Selected; copy it with your keyboard.";
    }
  });
}
