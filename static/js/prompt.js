// The prompt box: Ctrl or Cmd with Enter generates, Alt with the arrows walks through earlier prompts.
const box = document.getElementById("prompt");
const past = document.getElementById("past-prompts");

if (box && past) {
  let place = -1; // -1 is what is being written now.
  let draft = "";

  const show = (text) => {
    box.value = text;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };

  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const button = document.getElementById("generate");
      if (button && !button.disabled) box.form.requestSubmit(button);
      return;
    }
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    if (place === -1) draft = box.value;
    const last = past.children.length - 1;
    place = Math.min(Math.max(place + (event.key === "ArrowUp" ? 1 : -1), -1), last);
    show(place === -1 ? draft : past.children[place].textContent);
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target !== box.form || !event.detail.successful) return;
    const item = document.createElement("li");
    item.textContent = box.value;
    for (const other of [...past.children]) if (other.textContent === box.value) other.remove();
    past.prepend(item);
    place = -1;
  });
}
