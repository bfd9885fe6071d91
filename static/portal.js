// The frame's own script: holds the bearer in memory, talks to the host page, and moves between pages with htmx.
// Nothing is stored: no cookie, no storage, no token in a URL. Without a host script the launch token is exchanged here.
(() => {
  const root = document.getElementById("portal");
  const framed = window.parent !== window;
  const allowed = JSON.parse(document.getElementById("origins").textContent);
  const host = framed ? window.location.ancestorOrigins?.[0] : undefined; // Firefox does not tell
  const PATIENCE = 5000; // ms that the host has to bring a fresh token
  const EARLY = 60; // seconds before the end of a token at which the next one is asked for
  let token = null;
  let waiting = []; // what to do again when a token comes
  let refreshAt = 0;
  let giveUp = 0;

  // ------------------------------------------------------------------ the token

  function start() {
    // A sandbox without allow-same-origin: no request of ours could be answered.
    if (window.origin === "null") return show("words-sandbox");
    const here = new URL(window.location.href);
    const launch = here.searchParams.get("launch");
    here.searchParams.delete("launch");
    history.replaceState({}, "", here); // at once: it must not be seen in a history or a referrer
    window.addEventListener("message", hear);
    tell({ type: "meshes:ready" });
    const page = here.pathname + without(here.searchParams, "s");
    waiting.push(() => go(page));
    if (launch) exchange(launch);
    else askForToken();
  }

  async function exchange(launch) {
    const body = new URLSearchParams({ launch });
    const answer = await fetch("/workspace/session", { method: "POST", body, credentials: "omit" }).catch(() => null);
    if (token) return; // the host was quicker
    if (answer?.ok) take((await answer.json()).access_token);
    else askForToken();
  }

  function take(fresh) {
    token = fresh;
    clearTimeout(giveUp);
    document.querySelector(".banner[data-ended]")?.remove();
    const again = waiting;
    waiting = [];
    again.forEach((go) => go());
  }

  function askForToken() {
    if (framed) tell({ type: "meshes:token-refresh" });
    clearTimeout(giveUp);
    giveUp = setTimeout(expired, framed ? PATIENCE : 0);
  }

  function expired() {
    tell({ type: "meshes:token-expired" });
    if (!root.querySelector("main")) return show(framed ? "words-expired" : "words-spent");
    waiting = waiting.filter((again) => !again.saves); // whoever is told to save again means to save once
    const banner = template(framed ? "words-ended" : "words-over").firstElementChild;
    banner.dataset.ended = "";
    document.querySelector(".banner[data-ended]")?.remove();
    root.querySelector("main").prepend(banner);
  }

  // ------------------------------------------------------------------ the host

  function hear(event) {
    if (event.source !== window.parent || !allowed.includes(event.origin)) return;
    const message = event.data ?? {};
    if (message.type === "meshes:auth" && typeof message.token === "string") take(message.token);
    if (message.type === "jackfield:theme" && token) wear(message.theme);
    if (message.type === "jackfield:navigate" && isPage(message.path)) go(message.path);
  }

  function tell(message) {
    if (!framed) return;
    for (const origin of host ? [host] : allowed) {
      if (allowed.includes(origin)) window.parent.postMessage(message, origin);
    }
  }

  let told = 0;
  function tellHeight() {
    const height = Math.ceil(root.getBoundingClientRect().height);
    if (framed && height !== told) window.parent.postMessage({ type: "meshes:resize", height: (told = height) }, "*");
  }

  async function wear(theme) {
    const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
    const answer = await fetch("/workspace/theme", { method: "POST", headers, body: JSON.stringify(theme ?? {}) });
    const found = await answer.json();
    if (!answer.ok) return console.warn("Jackfield: this theme was refused.", found);
    for (const [name, value] of Object.entries(found)) document.documentElement.style.setProperty(name, value);
  }

  // ------------------------------------------------------------------ the pages

  function go(path) {
    return htmx.ajax("GET", path, { source: root, target: "#portal", swap: "innerHTML" });
  }

  function isPage(path) {
    return typeof path === "string" && /^\/workspace\/[\w\-/.~%]*(\?[^#]*)?$/.test(path) && !path.includes("..");
  }

  let shown = null; // the <main> of the page that is here: a fragment leaves it in its place
  let first = true; // nobody asked for the first page, so the host's must not jump to it
  function arrive(main, path) {
    const here = new URL(path, window.location.href);
    const page = here.pathname + here.search;
    const session = new URLSearchParams(window.location.search).get("s");
    if (session) here.searchParams.set("s", session);
    // In a frame the history is the host's: its back button must leave the page, not walk through ours.
    if (framed || here.href === window.location.href) history.replaceState({}, "", here);
    else history.pushState({}, "", here);
    if (main.dataset.title) document.title = main.dataset.title;
    (main.querySelector("[data-focus]") ?? main.querySelector("h1"))?.focus({ preventScroll: first });
    first = false;
    if (!framed) window.scrollTo(0, 0);
    tell({ type: "meshes:navigate", path: page, page: page.split("/")[2]?.split("?")[0] });
  }

  document.addEventListener("htmx:configRequest", ({ detail }) => {
    if (token) detail.headers.Authorization = `Bearer ${token}`;
    detail.headers["X-Time-Zone"] = Intl.DateTimeFormat().resolvedOptions().timeZone; // "today" is the visitor's
  });

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const { xhr, requestConfig: asked } = detail;
    remember(xhr);
    if (xhr.status !== 401) return;
    const again = () => htmx.ajax(asked.verb, asked.path, { source: detail.elt, target: detail.target, values: filled(asked) });
    waiting.push(Object.assign(again, { saves: asked.verb !== "get" }));
    token = null;
    askForToken();
  });

  document.addEventListener("htmx:afterSwap", ({ detail }) => {
    const main = document.getElementById("main");
    if (main && main !== shown) arrive((shown = main), detail.pathInfo.responsePath ?? detail.pathInfo.finalRequestPath);
    tellHeight();
  });

  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.xhr.status === 204) remember(detail.xhr);
    if (detail.xhr.status >= 500) toast(template("words-fault").textContent.trim());
  });
  document.addEventListener("htmx:sendError", () => toast(template("words-offline").textContent.trim()));
  document.addEventListener("portal:go", ({ detail }) => isPage(detail.value) && go(detail.value));
  document.addEventListener("portal:toast", ({ detail }) => toast(detail.value));
  window.addEventListener("popstate", () => go(window.location.pathname + without(new URLSearchParams(window.location.search), "s")));

  function filled({ formData }) {
    return formData ? Object.fromEntries([...formData.keys()].map((name) => [name, formData.getAll(name)])) : {};
  }

  function remember(xhr) {
    const left = Number(xhr.getResponseHeader("X-Session-Seconds"));
    if (!left) return;
    clearTimeout(refreshAt);
    refreshAt = setTimeout(() => tell({ type: "meshes:token-refresh" }), Math.max(5, left - EARLY) * 1000);
  }

  function toast(words) {
    const line = document.createElement("p");
    line.className = "toast";
    line.textContent = words;
    document.getElementById("toasts").replaceChildren(line);
    setTimeout(() => line.remove(), 6000);
  }

  function show(id) {
    root.replaceChildren(template(id));
    root.querySelector("h1")?.focus();
    tellHeight();
  }

  function template(id) {
    return document.getElementById(id).content.cloneNode(true);
  }

  function without(params, name) {
    const rest = new URLSearchParams(params);
    rest.delete(name);
    return rest.size ? `?${rest}` : "";
  }

  new ResizeObserver(tellHeight).observe(root);
  start();
})();
