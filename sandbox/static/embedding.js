// What Beaconry adds to the one script tag: its own look, handed on live, and words for when the portal stays away.
const portal = document.getElementById("portal");
const trouble = document.getElementById("portal-trouble");

document.getElementById("look").addEventListener("change", ({ target }) => {
  portal.jackfield.setTheme(JSON.parse(target.selectedOptions[0].dataset.tokens));
});
portal.addEventListener("jackfield:error", ({ detail }) => {
  trouble.hidden = false;
  trouble.textContent = `The portal could not be opened: ${detail.message}.`;
});

// "Trigger an alert": emits the next of the drills with the publishable key, as the product's own pages would.
const drill = document.querySelector(".drill");
const told = document.getElementById("told");
const drills = JSON.parse(drill.dataset.drills);
let turn = 0;

document.getElementById("trigger").addEventListener("click", async ({ target }) => {
  target.disabled = true;
  const alert = drills[turn++ % drills.length];
  say(alert, await emit(alert));
  target.disabled = false;
  target.focus();
});
document.getElementById("see").addEventListener("click", () => portal.jackfield.navigate("/workspace/events"));

async function emit(alert) {
  const { endpoint, key, account, user } = drill.dataset;
  const id = `alrt_${user}_${Math.floor(1000 + Math.random() * 9000)}`;
  const payload = { alert_id: id, account_id: account, ...alert, triggered_at: new Date().toISOString() };
  const body = JSON.stringify({ event: "alert.triggered", resource: "alert", resource_id: id, payload });
  const headers = { "Content-Type": "application/json", "X-Meshes-Publishable-Key": key };
  try {
    const answer = await fetch(endpoint, { method: "POST", credentials: "omit", headers, body });
    return { ok: answer.ok, id, message: answer.ok ? "" : (await answer.json()).message };
  } catch {
    return { ok: false, id, message: `Nothing at ${endpoint} answered.` };
  }
}

function say(alert, { ok, id, message }) {
  told.hidden = false;
  const badge = told.querySelector(".badge");
  badge.className = `badge ${ok ? "good" : "bad"}`;
  badge.textContent = ok ? "Sent" : "Refused";
  const words = `alert.triggered ${id}, ${alert.severity}: ${alert.resource} is at ${alert.value}, above ${alert.threshold}.`;
  told.querySelector(".words").textContent = ok ? words : message;
}
