// Emits product events from the browser, as the vendor's own pages would, and shows exactly what was sent and answered.
const desk = document.getElementById("desk");
const key = document.getElementById("key");
const preview = document.getElementById("preview");
const answers = document.getElementById("answers");
const forms = [...desk.querySelectorAll("form[data-event]")];
const about = desk.dataset;

const BODIES = {
  "alert.triggered": (form) => ({
    event: "alert.triggered",
    resource: "alert",
    resource_id: form.dataset.alert,
    payload: {
      alert_id: form.dataset.alert,
      account_id: about.account,
      severity: form.elements.severity.value,
      resource: form.elements.resource.value,
      value: Number(form.elements.value.value),
      threshold: Number(form.elements.threshold.value),
      triggered_at: new Date().toISOString(),
    },
  }),
  "user.created": (form) => ({
    event: "user.created",
    resource: "membership_level",
    resource_id: form.elements.plan.value,
    payload: {
      user_id: form.elements.user_id.value,
      email: form.elements.email.value,
      account_id: about.account,
      environment: about.environment,
      created_at: new Date().toISOString(),
    },
  }),
};

let shown = forms[0];
for (const form of forms) {
  renumber(form);
  form.addEventListener("focusin", () => show(form));
  form.addEventListener("input", () => show(form));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    emit(form);
  });
}
key.addEventListener("input", () => show(shown));
forms[0].elements.resource.addEventListener("change", (event) => {
  const check = event.target.selectedOptions[0].dataset;
  forms[0].elements.value.value = check.value;
  forms[0].elements.threshold.value = check.threshold;
});
show(shown);

function renumber(form) {
  form.dataset.alert = `alrt_${about.user}_${Math.floor(1000 + Math.random() * 9000)}`;
}

function show(form) {
  shown = form;
  preview.textContent = [
    `POST ${about.endpoint}`,
    "Content-Type: application/json",
    `X-Meshes-Publishable-Key: ${key.value || "(none)"}`,
    "",
    JSON.stringify(BODIES[form.dataset.event](form), null, 2),
  ].join("\n");
}

async function emit(form) {
  const button = form.querySelector("button");
  const body = BODIES[form.dataset.event](form);
  button.disabled = true;
  const started = performance.now();
  const answer = await send(body);
  button.disabled = false;
  button.focus();
  const outcome = form.querySelector("output");
  outcome.textContent = explain(answer);
  outcome.className = answer.ok ? "good" : "bad";
  list(body, { ...answer, ms: Math.round(performance.now() - started) });
  renumber(form);
  show(form);
}

async function send(body) {
  try {
    const response = await fetch(about.endpoint, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json", "X-Meshes-Publishable-Key": key.value },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, ok: response.ok, text, parsed: parse(text) };
  } catch {
    return { status: 0, ok: false, text: "" };
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function list(body, answer) {
  const words = explain(answer);
  document.getElementById("no-answers")?.remove();
  const item = document.getElementById("answer").content.cloneNode(true);
  const badge = item.querySelector(".badge");
  badge.textContent = answer.status || "No answer";
  badge.classList.add(answer.ok ? "good" : "bad");
  item.querySelector(".event").textContent = body.event;
  item.querySelector("time").textContent = `${new Date().toLocaleTimeString()}, ${answer.ms} ms`;
  item.querySelector(".words").textContent = words;
  item.querySelector(".sent").textContent = JSON.stringify(body, null, 2);
  item.querySelector(".came").textContent = answer.parsed ? JSON.stringify(answer.parsed, null, 2) : answer.text || words;
  answers.prepend(item);
}

function explain({ status, ok, parsed }) {
  if (!status) return `Nothing at ${about.endpoint} answered this page. Is the portal running, and is this origin allowed?`;
  if (ok) return `Accepted as ${parsed?.event?.id ?? "an event"}.`;
  return parsed?.message ?? "The portal refused it.";
}
