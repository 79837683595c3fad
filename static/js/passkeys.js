// Passkeys: forms marked data-passkey ask the browser for one, put its answer into `credential` and send themselves.
const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const described = (list) => (list || []).map((entry) => ({ ...entry, id: toBytes(entry.id) }));

// The answer in the form that WebAuthn's third level calls toJSON; written out, because not every browser has it.
function written(credential) {
  const { response } = credential;
  const parts = { clientDataJSON: toText(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = toText(response[name]);
  }
  return JSON.stringify({
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    response: parts,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

async function make({ publicKey }, form) {
  const choice = { ...publicKey.authenticatorSelection };
  if (form.elements.passwordless?.checked) {
    Object.assign(choice, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
  }
  return navigator.credentials.create({
    publicKey: {
      ...publicKey,
      authenticatorSelection: choice,
      challenge: toBytes(publicKey.challenge),
      user: { ...publicKey.user, id: toBytes(publicKey.user.id) },
      excludeCredentials: described(publicKey.excludeCredentials),
    },
  });
}

const ask = ({ publicKey }) =>
  navigator.credentials.get({
    publicKey: {
      ...publicKey,
      challenge: toBytes(publicKey.challenge),
      allowCredentials: described(publicKey.allowCredentials),
    },
  });

async function options(form) {
  if (form.dataset.passkey !== "sign-in") return JSON.parse(document.getElementById("js_data").textContent);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("This was tried too often. Wait a minute.");
  return answer.json();
}

async function send(form) {
  const problem = form.querySelector("[data-passkey-problem]");
  problem.hidden = true;
  try {
    const given = await options(form);
    const isNew = form.dataset.passkey === "make";
    const credential = isNew ? await make(given.creation_options, form) : await ask(given.request_options);
    form.elements.credential.value = written(credential);
    form.submit();
  } catch (error) {
    const stopped = error.name === "NotAllowedError";
    problem.textContent = stopped ? "No passkey was used. Try again, or go another way." : error.message;
    problem.hidden = false;
  }
}

// A passkey belongs to a name: browsers take none for a bare address, and none without https but on localhost.
const isNamed = !/^[\d.]+$|:/.test(location.hostname);
const canAsk = Boolean(window.PublicKeyCredential) && isNamed;
for (const notice of document.querySelectorAll("[data-no-passkeys]")) notice.hidden = canAsk;
for (const form of canAsk ? document.querySelectorAll("form[data-passkey]") : []) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
