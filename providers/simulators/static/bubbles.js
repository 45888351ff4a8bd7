// Draws one message as WhatsApp would: text, files, buttons, a list, the time and the ticks.

import { element, formatted, icon, link } from "./format.js";

const TICKS = {
  accepted: ["clock", "clock"], queued: ["clock", "clock"], sending: ["clock", "clock"],
  sent: ["tick", "sent"], delivered: ["ticks", "delivered"], read: ["ticks", "read"],
};

export function clock(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

export function drawMessage(message, act) {
  const mine = message.direction === "inbound";
  const item = element("li", `message ${mine ? "out" : "in"}`);
  const { text, note, media, buttons, items, list_button: listButton } = message.shown;
  const bubble = element("div", "bubble");
  media.forEach((file, place) => bubble.append(drawMedia(message, file, place)));
  if (note) bubble.append(drawPlace(note));
  bubble.append(formatted(text), drawMeta(message, mine));
  item.append(bubble);
  for (const button of buttons) item.append(drawButton(message, button, act));
  if (items.length) {
    const open = element("button", "action");
    open.type = "button";
    open.append(icon("list"), listButton);
    open.addEventListener("click", () => act.openList(message));
    item.append(open);
  }
  if (!mine && message.error_code) {
    item.append(element("div", "failed", `Never arrived: Twilio's error ${message.error_code}`));
  }
  return item;
}

function drawMeta(message, mine) {
  const meta = element("span", "meta", clock(message.at));
  if (mine) {
    const [name, state] = TICKS[message.receipt] ?? ["clock", "clock"];
    meta.append(icon(name, state));
    meta.title = state;
  } else if (message.error_code) {
    meta.append(icon("warning", "warning"));
  }
  return meta;
}

const ARRIVED = ["sent", "delivered", "read"];

function drawMedia(message, file, place) {
  // What the bot sends is fetched by the simulated Twilio, so the page still loads from itself only.
  if (message.direction === "inbound" || !ARRIVED.includes(message.status)) return drawFile(file);
  const box = link(file.url, "picture");
  const picture = element("img");
  picture.alt = "A picture from the bot";
  picture.src = `/_sim/twilio/pictures/${message.sid}/${place}`;
  picture.addEventListener("error", () => box.replaceWith(drawFile(file)));
  box.append(picture);
  return box;
}

function drawFile(file) {
  const box = link(file.url, "file");
  const name = file.url.split(/[?#]/)[0].split("/").pop() || file.url;
  box.append(icon("file"), element("span", "", file.content_type || name));
  return box;
}

function drawPlace(note) {
  const box = element("span", "file");
  box.append(icon("place"), element("span", "", note));
  return box;
}

function drawButton(message, button, act) {
  if (button.kind === "url") {
    const open = link(button.url, "action");
    open.append(icon("link"), button.title);
    return open;
  }
  const tap = element("button", "action");
  tap.type = "button";
  tap.append(icon("reply"), button.title);
  tap.addEventListener("click", () => act.tapButton(message, button));
  return tap;
}

export function drawDay(milliseconds) {
  const day = new Date(milliseconds);
  const today = new Date().toDateString() === day.toDateString();
  const name = today ? "Today" : day.toLocaleDateString([], { day: "numeric", month: "long" });
  return element("li", "day", name);
}

export function drawTyping() {
  const dots = element("li", "typing");
  dots.append(element("i"), element("i"), element("i"));
  dots.setAttribute("aria-label", "typing");
  return dots;
}
