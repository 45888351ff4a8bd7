// Wires the page together.

import { getJson } from "./api.js";
import { Chat } from "./chat.js";
import { Guide } from "./guide.js";
import { Inbox } from "./sms.js";

const byId = (id) => document.getElementById(id);
const page = {
  who: byId("who"), hint: byId("hint"), chips: byId("chips"),
  triesNote: byId("tries-note"), tries: byId("tries"), knobs: byId("knobs"), knobsNote: byId("knobs-note"),
  presence: byId("presence"), notice: byId("notice"), scroll: byId("scroll"), messages: byId("messages"),
  composer: byId("composer"), text: byId("text"), attach: byId("attach"), attachments: byId("attachments"),
  list: byId("list"), toast: byId("toast"), toastText: byId("toast-text"), toastCopy: byId("toast-copy"),
  sms: byId("sms"), smsScroll: byId("sms-scroll"), smsEmpty: byId("sms-empty"), smsNumbers: byId("sms-numbers"),
};

function putIntoChat(text) {
  page.text.value = text;
  grow();
  page.text.focus();
}

function grow() {
  page.text.style.height = "auto";
  page.text.style.height = `${Math.min(page.text.scrollHeight, 120)}px`;
}

const inbox = new Inbox(page, putIntoChat);
const chat = new Chat(page, (messages) => {
  for (const message of messages) {
    if (message.direction === "inbound") inbox.watch(message.shown.text);
  }
});

function sendWritten() {
  const text = page.text.value.trim();
  if (!text) return;
  putIntoChat("");
  page.scroll.scrollTop = page.scroll.scrollHeight;
  chat.write(text);
}

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  sendWritten();
});
page.text.addEventListener("input", grow);
page.text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    sendWritten();
  }
});

const guide = new Guide(page, await getJson("/demo/setup"), {
  chosen(customer) {
    inbox.become(customer);
    chat.become(customer);
  },
  write(word) {
    // On a narrow screen the guide stands above the phone.
    page.composer.scrollIntoView({ block: "nearest" });
    page.scroll.scrollTop = page.scroll.scrollHeight;
    return chat.write(word);
  },
});
guide.start();
