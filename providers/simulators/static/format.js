// WhatsApp's text marks as elements: *bold*, _italic_, ~struck~, `code`, links. Text is only ever set as text.

const WORD = "[\\p{L}\\p{N}]";
const marked = (mark) =>
  new RegExp(`(?<!${WORD})[${mark}](?=\\S)([^\\n]*?\\S)[${mark}](?!${WORD})`, "u");

const RULES = [
  { pattern: /```([\s\S]+?)```/u, tag: "code", plain: true },
  { pattern: /`([^`\n]+)`/u, tag: "code", plain: true },
  { pattern: /(https?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]*_~'])/iu, tag: "a", plain: true },
  { pattern: marked("*"), tag: "strong" },
  { pattern: marked("_"), tag: "em" },
  { pattern: marked("~"), tag: "s" },
];

export function element(tag, classes = "", text = "") {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text) made.textContent = text;
  return made;
}

export function icon(name, classes = "") {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  if (classes) picture.setAttribute("class", classes);
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#icon-${name}`);
  picture.append(use);
  return picture;
}

export function link(url, classes = "") {
  const made = element("a", classes);
  // Anything but the web's own addresses stays text: a message must not be able to run a script.
  if (/^https?:\/\//i.test(url)) {
    made.href = url;
    made.target = "_blank";
    made.rel = "noopener noreferrer";
  }
  return made;
}

export function formatted(text) {
  const fragment = document.createDocumentFragment();
  let rest = text;
  while (rest) {
    const first = firstMark(rest);
    if (!first) break;
    const { rule, match } = first;
    fragment.append(rest.slice(0, match.index));
    const inner = match[1];
    const made = rule.tag === "a" ? link(inner) : element(rule.tag);
    made.append(rule.plain ? inner : formatted(inner));
    fragment.append(made);
    rest = rest.slice(match.index + match[0].length);
  }
  fragment.append(rest);
  return fragment;
}

function firstMark(text) {
  let best = null;
  for (const rule of RULES) {
    const match = rule.pattern.exec(text);
    if (match && (!best || match.index < best.match.index)) best = { rule, match };
  }
  return best;
}
