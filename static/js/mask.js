// Paint a mask over the first reference picture: white where it shall change. It goes the way of an uploaded file.
const painter = document.getElementById("mask-painter");
const picture = document.getElementById("mask-picture");
const canvas = document.getElementById("mask-canvas");
const brush = document.getElementById("brush");
const cursor = document.getElementById("brush-cursor");
const eraser = document.getElementById("eraser");

let strokes = []; // Each {width, erase, points} in pixels of the picture.
let current = null;
let place = { x: 0, y: 0 };

const fileInput = () => document.getElementById("mask_file");
const firstReference = () => document.querySelector("#references input:checked ~ img");
const brushWidth = () => Math.max(1, (Number(brush.value) / 100) * Math.min(canvas.width, canvas.height));

// Seen on every picture, pale or dark; in the mask itself the same strokes are white.
const SHOWN = "#ff2fa0";
const KEPT = "#ffffff";

function draw(context, stroke, colour = SHOWN) {
  context.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
  context.strokeStyle = colour;
  context.lineWidth = stroke.width;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  const [first, ...rest] = stroke.points;
  context.moveTo(first.x, first.y);
  // A stroke of one point is a dot.
  for (const point of rest.length ? rest : [first]) context.lineTo(point.x, point.y);
  context.stroke();
}

function redraw() {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  for (const stroke of strokes) draw(context, stroke);
  document.getElementById("mask-done").disabled = !strokes.some((stroke) => !stroke.erase);
}

function begin(point) {
  current = { width: brushWidth(), erase: eraser.checked, points: [point] };
  strokes.push(current);
  redraw();
}

function extend(point) {
  current.points.push(point);
  draw(canvas.getContext("2d"), { ...current, points: current.points.slice(-2) });
}

function pointOf(event) {
  const box = canvas.getBoundingClientRect();
  return {
    x: ((event.clientX - box.left) / box.width) * canvas.width,
    y: ((event.clientY - box.top) / box.height) * canvas.height,
  };
}

function showCursor() {
  const scale = canvas.getBoundingClientRect().width / canvas.width;
  const size = brushWidth() * scale;
  cursor.style.width = cursor.style.height = `${size}px`;
  cursor.style.left = `${place.x * scale - size / 2}px`;
  cursor.style.top = `${place.y * scale - size / 2}px`;
}

function open() {
  const reference = firstReference();
  if (!reference) return;
  picture.onload = () => {
    canvas.width = picture.naturalWidth;
    canvas.height = picture.naturalHeight;
    place = { x: canvas.width / 2, y: canvas.height / 2 };
    strokes = [];
    redraw();
    painter.showModal();
    showCursor();
  };
  picture.src = reference.src.replace(/\.thumb$/, "");
}

function finish() {
  const mask = document.createElement("canvas");
  mask.width = canvas.width;
  mask.height = canvas.height;
  const context = mask.getContext("2d");
  for (const stroke of strokes) draw(context, stroke, KEPT);
  context.globalCompositeOperation = "destination-over";
  context.fillRect(0, 0, mask.width, mask.height);
  mask.toBlob((blob) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([blob], "painted-mask.png", { type: "image/png" }));
    fileInput().files = transfer.files;
    fileInput().dispatchEvent(new Event("change", { bubbles: true }));
    painter.close();
  }, "image/png");
}

function move(event) {
  const step = brushWidth() / 2;
  const [across, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  place = {
    x: Math.min(Math.max(place.x + across * step, 0), canvas.width),
    y: Math.min(Math.max(place.y + down * step, 0), canvas.height),
  };
  if (event.shiftKey && current) extend(place);
  showCursor();
}

if (painter) {
  document.addEventListener("click", (event) => {
    if (event.target.id === "paint-mask") open();
  });
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    begin(pointOf(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    place = pointOf(event);
    showCursor();
    if (event.buttons && current) extend(place);
  });
  canvas.addEventListener("pointerup", () => { current = null; });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === " ") begin({ ...place });
    else if (event.key.startsWith("Arrow")) move(event);
    else return;
    event.preventDefault();
  });
  brush.addEventListener("input", showCursor);
  document.getElementById("mask-undo").addEventListener("click", () => { strokes.pop(); current = null; redraw(); });
  document.getElementById("mask-clear").addEventListener("click", () => { strokes = []; current = null; redraw(); });
  document.getElementById("mask-cancel").addEventListener("click", () => painter.close());
  document.getElementById("mask-done").addEventListener("click", finish);
}
