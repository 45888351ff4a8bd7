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

// An act happens once: its button cannot be pressed twice. The server sees to it as well.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; }));
});

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
  if (told) told.textContent = `${shown} found`;
});

// A part of a page that leads to the sign-in, because its reader was signed out: the page goes there.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!xhr.responseURL || !new URL(xhr.responseURL).pathname.startsWith("/admin/sign-in")) return;
  event.detail.shouldSwap = false;
  location.reload();
});
