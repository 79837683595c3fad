// The Status page renews itself part by part; what somebody has opened or is writing stays as it is.
const EVERY_MS = 10_000;

const poll = () => {
  if (!document.hidden) window.htmx.trigger("#poll", "hub:poll");
};
setInterval(poll, EVERY_MS);
document.addEventListener("visibilitychange", poll);

const isBeingFilled = (part) =>
  part.querySelector("details[open] > form") !== null ||
  (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea"));

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const part = event.detail.target;
  if (isBeingFilled(part)) {
    event.detail.shouldSwap = false;
    return;
  }
  for (const details of part.querySelectorAll("details[open][id]")) {
    event.detail.fragment.querySelector(`#${CSS.escape(details.id)}`)?.setAttribute("open", "");
  }
});
// A vendor that was not on the page yet: only a new page has its place.
document.addEventListener("htmx:oobErrorNoTarget", () => {
  if (!isBeingFilled(document.body)) window.location.reload();
});

const findings = () => [...document.querySelectorAll("#concerns .what")].map((what) => what.textContent).join(". ");
let known = findings();

function renew() {
  const now = findings();
  if (now !== known) document.getElementById("announcer").textContent = now;
  known = now;
  offerButtons();
}

function count() {
  for (const clock of document.querySelectorAll(".countdown[data-until]")) {
    const seconds = Math.round((Date.parse(clock.dataset.until) - Date.now()) / 1000);
    if (seconds <= 0) clock.textContent = "now";
    else if (seconds < 120) clock.textContent = `in ${seconds} s`;
  }
}
setInterval(count, 1000);

// Rows of limits: without JavaScript there is one empty row, and an emptied number takes a limit away.
const MOST_ROWS = 8;

function offerButtons() {
  for (const button of document.querySelectorAll(".limits-form :is(.add, .remove)")) button.hidden = false;
}

function addRow(list) {
  const rows = list.querySelectorAll(".limit-row");
  if (rows.length >= MOST_ROWS) return;
  const row = rows[rows.length - 1].cloneNode(true);
  row.querySelector(".field-error")?.remove();
  const number = `n${Date.now()}`;
  for (const label of row.querySelectorAll("label")) label.htmlFor = `${label.htmlFor}-${number}`;
  for (const field of row.querySelectorAll("input, select")) field.id = `${field.id}-${number}`;
  const first = row.querySelector("input");
  first.removeAttribute("aria-invalid");
  first.removeAttribute("aria-describedby");
  first.value = "";
  list.append(row);
  first.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".limits-form :is(.add, .remove)");
  if (!button) return;
  const list = button.form.querySelector(".limit-rows");
  if (button.matches(".add")) addRow(list);
  else if (list.children.length > 1) button.closest(".limit-row").remove();
  else list.querySelector("input").value = "";
  if (button.matches(".remove")) list.querySelector(".limit-row:last-child input").focus();
});

document.addEventListener("htmx:afterSettle", renew);
offerButtons();
count();
