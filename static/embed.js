/* Puts the Jackfield portal into a page: <div data-jackfield="/your/session/url"></div> and this script, or
   Jackfield.mount(element, { fetchSession }). Your back-end answers the URL (or fetchSession) with what
   POST /api/v1/sessions answered it; no key ever comes here. Documented in docs/embedding.md. */
(() => {
  "use strict";

  function mount(element, options) {
    const frame = document.createElement("iframe");
    let session, origin, asking, silence;

    function open(path) {
      return ask().then((found) => {
        const url = new URL(found.launch_url);
        if (path) lead(url, new URL(path, url));
        origin = url.origin;
        frame.src = url.href;
        watch();
      }).catch(fail);
    }

    // To that page of the portal, with its query; what the launch itself says stays, and so does where it goes.
    function lead(url, page) {
      if (page.origin !== url.origin) return;
      url.pathname = page.pathname;
      const own = new Set(url.searchParams.keys());
      for (const [name, value] of page.searchParams) if (!own.has(name)) url.searchParams.append(name, value);
    }

    function ask() {
      asking ??= Promise.resolve(options.fetchSession(session?.session_id))
        .then((found) => (session = found))
        .finally(() => (asking = undefined));
      return asking;
    }

    // A browser tells nobody that it refused a frame: silence does.
    function watch() {
      clearTimeout(silence);
      silence = setTimeout(() => {
        const doctor = new URL("/embed-doctor", origin);
        doctor.search = new URLSearchParams({ page: location.href, s: session.session_id });
        fail(new Error("The portal did not start. Why: " + doctor));
      }, 8000);
    }

    function fail(error) {
      element.dispatchEvent(new CustomEvent("jackfield:error", { detail: error, bubbles: true }));
    }

    function hear({ source, origin: from, data }) {
      if (source !== frame.contentWindow || from !== origin || !data) return;
      clearTimeout(silence);
      if (data.type === "meshes:ready") tell({ type: "meshes:auth", token: session.access_token });
      if (data.type === "meshes:ready" && options.theme) setTheme(options.theme);
      if (data.type === "meshes:token-refresh") ask().then(() => tell({ type: "meshes:auth", token: session.access_token }), fail);
      if (data.type === "meshes:resize") frame.style.height = Math.max(options.minHeight ?? 480, data.height) + "px";
      element.dispatchEvent(new CustomEvent(data.type.replace("meshes", "jackfield"), { detail: data, bubbles: true }));
    }

    function tell(message) {
      frame.contentWindow?.postMessage(message, origin);
    }

    function setTheme(theme) {
      options.theme = theme;
      tell({ type: "jackfield:theme", theme });
    }

    function destroy() {
      clearTimeout(silence);
      removeEventListener("message", hear);
      frame.remove();
    }

    frame.title = options.title ?? "Integrations";
    frame.allow = "clipboard-write";
    frame.setAttribute("sandbox", "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads");
    frame.style.cssText = "display:block;width:100%;border:0;height:" + (options.minHeight ?? 480) + "px";
    addEventListener("message", hear);
    element.replaceChildren(frame);
    open(options.path);
    return { frame, setTheme, destroy, navigate: (path) => tell({ type: "jackfield:navigate", path }) };
  }

  function fromUrl(url) {
    return () => fetch(url, { method: "POST", credentials: "same-origin" }).then((answer) => {
      if (!answer.ok) throw new Error("The session URL answered " + answer.status);
      return answer.json();
    });
  }

  function mountAll() {
    for (const element of document.querySelectorAll("[data-jackfield]:empty")) {
      const { jackfield: url, theme, path, title } = element.dataset;
      element.jackfield = mount(element, { fetchSession: fromUrl(url), theme: theme && JSON.parse(theme), path, title });
    }
  }

  window.Jackfield = { mount };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", mountAll);
  else mountAll();
})();
