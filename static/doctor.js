// Looks at the portal's headers as they reach a browser: a proxy on the way may have added some.
(async () => {
  const line = document.getElementById("our-headers");
  if (!line) return;
  const { headers } = await fetch(line.dataset.portal, { credentials: "omit" });
  const frame = headers.get("X-Frame-Options");
  const policies = (headers.get("Content-Security-Policy") ?? "").split(",");
  const added = [];
  if (frame) added.push(`X-Frame-Options: ${frame}`);
  if (policies.length > 1) added.push(`Content-Security-Policy:${policies.slice(1)}`);
  const [words, mend] = line.querySelectorAll("p");
  words.textContent = added.length ? `${line.dataset.added} ${added.join("; ")}` : line.dataset.well;
  mend.textContent = added.length ? line.dataset.mend : "";
  line.hidden = false;
})();
