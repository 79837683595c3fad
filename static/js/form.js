// The Studio's form: the model list closes like a menu, own pixels open with their choice, faults are tied to fields.
const form = document.getElementById("wish");
const picker = document.getElementById("model-picker");

if (form && picker) {
  const close = (focus) => {
    if (!picker.open) return;
    picker.open = false;
    if (focus) picker.querySelector("summary").focus();
  };
  picker.addEventListener("toggle", () => {
    if (picker.open) picker.querySelector("input:checked")?.focus();
  });
  picker.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    if (event.target.matches("summary")) return;
    event.preventDefault();
    close(true);
  });
  picker.addEventListener("click", (event) => {
    // A click with a position is a mouse's; arrow keys click a radio too, and then the list stays open.
    if (event.detail > 0 && event.target.closest(".model-choice")) setTimeout(() => close(true));
  });
  document.addEventListener("click", (event) => {
    if (!picker.contains(event.target)) close(false);
  });
  for (const name of ["width", "height"]) {
    form.addEventListener("input", (event) => {
      if (event.target.id !== name) return;
      form.querySelector("input[name=size][value=own]").checked = true;
    });
  }
}

// The prompt box stays when the model changes; what the model wants with a prompt comes with its fields.
function followPromptRule() {
  const rule = document.getElementById("prompt-rule");
  const prompt = document.getElementById("prompt");
  if (!rule || !prompt) return;
  prompt.required = rule.dataset.prompt === "required";
  prompt.maxLength = Number(rule.dataset.longest);
}
document.addEventListener("htmx:afterSettle", followPromptRule);

function tieFaults() {
  if (!form) return;
  for (const field of form.querySelectorAll("[data-tied]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("data-tied");
  }
  for (const fault of form.querySelectorAll("#field-problems [data-field]")) {
    const field = document.getElementById(fault.dataset.field);
    if (!field) continue;
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-errormessage", fault.id);
    field.dataset.tied = "";
  }
}
document.addEventListener("htmx:afterSettle", tieFaults);

// A price that comes while the button is held down would take the button away under the finger, and with it the click.
const price = document.getElementById("price");
if (price) {
  let isPressed = false;
  let isOutdated = false;
  document.addEventListener("pointerdown", (event) => {
    isPressed = Boolean(event.target.closest("#generate"));
  });
  price.addEventListener("htmx:beforeSwap", (event) => {
    if (!isPressed) return;
    event.detail.shouldSwap = false;
    isOutdated = true;
  });
  const release = () => {
    isPressed = false;
    if (isOutdated) document.body.dispatchEvent(new CustomEvent("hub:money"));
    isOutdated = false;
  };
  // The click follows the release of the button; the price is asked for after it.
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(release));
}
