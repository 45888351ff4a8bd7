// Small behaviours of every page. Each works without: links and forms do the same by themselves.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-toggle-theme], [data-toggle-menu], [data-print]");
  if (!button) return;
  if (button.dataset.toggleTheme !== undefined) {
    const theme = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", theme);
    document.documentElement.dataset.bsTheme = theme;
    document.dispatchEvent(new Event("theme"));
  } else if (button.dataset.print !== undefined) {
    print();
  } else {
    const open = document.getElementById("menu").classList.toggle("show");
    button.setAttribute("aria-expanded", String(open));
  }
});

// What is shown only once is copied whole. A browser that lets no page do so shows no button for it.
if (navigator.clipboard) {
  document.querySelectorAll("[data-copy]").forEach((button) => {
    button.parentElement.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.textContent = "Copied";
    });
  });
}

// A text that may only be so long says when it comes near, counted as the server does.
document.addEventListener("input", (event) => {
  const told = document.querySelector(`[data-counted="${event.target.id}"]`);
  if (!told) return;
  const left = Number(event.target.dataset.longest) - [...event.target.value.trim()].length;
  told.textContent = left < 0 ? `${-left} too many.` : left <= 100 ? `${left} left.` : "";
});

// An act happens once: its button cannot be pressed twice. The server sees to it as well.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; }));
});

// A form that was sent back with its faults stands in the history like a page that was opened: going
// back to it opens it afresh, where a browser would ask whether to send it once more, or give up.
if (document.body.dataset.posted !== undefined) history.replaceState(history.state, "", location.href);

// A page that is left and come back to shows its buttons again.
addEventListener("pageshow", () => {
  document.querySelectorAll("form[method=post] button[type=submit]").forEach((button) => {
    if (button.dataset.off === undefined) button.disabled = false;
  });
});

// A long list is narrowed to what is typed; its rows say in data-find what they are found by.
document.addEventListener("input", (event) => {
  const name = event.target.dataset.narrow;
  if (!name) return;
  const words = event.target.value.toLowerCase().split(/\s+/);
  let shown = 0;
  document.querySelectorAll(`#${name} [data-find]`).forEach((row) => {
    row.hidden = !words.every((word) => row.dataset.find.includes(word));
    if (!row.hidden) shown += 1;
  });
  const told = document.querySelector(`[data-narrowed="${name}"]`);
  if (!told) return;
  const typed = event.target.value.trim();
  told.textContent = !typed ? "" : shown ? `${shown} found` : `Nobody found for “${typed}”.`;
});

// A part of a page that leads to the sign-in, because its reader was signed out: the page goes there.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!xhr.responseURL || !new URL(xhr.responseURL).pathname.startsWith("/admin/sign-in")) return;
  event.detail.shouldSwap = false;
  location.reload();
});
