// Reference pictures: dropped or pasted files take the same way as chosen ones, through the file input.
const input = () => document.getElementById("reference");

function take(files) {
  const pictures = [...files].filter((file) => file.type.startsWith("image/"));
  if (!pictures.length || !input()) return false;
  const transfer = new DataTransfer();
  for (const picture of pictures) transfer.items.add(picture);
  input().files = transfer.files;
  input().dispatchEvent(new Event("change", { bubbles: true }));
  return true;
}

const overZone = (on) => document.getElementById("reference-drop")?.classList.toggle("is-over", on);

document.addEventListener("dragover", (event) => {
  if (!input() || ![...event.dataTransfer.types].includes("Files")) return;
  event.preventDefault();
  overZone(true);
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) overZone(false);
});
document.addEventListener("drop", (event) => {
  overZone(false);
  if (event.dataTransfer.files.length && input()) {
    event.preventDefault();
    take(event.dataTransfer.files);
  }
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length && take(event.clipboardData.files)) event.preventDefault();
});
// The hub keeps the files now and the form names them, so they need not travel again with the wish.
document.addEventListener("htmx:afterRequest", (event) => {
  if (["reference", "mask_file"].includes(event.target.id) && event.detail.successful) event.target.value = "";
});
