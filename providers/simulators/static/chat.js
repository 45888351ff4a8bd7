// The WhatsApp side of the phone: shows what stands in the simulated Twilio's book and writes as the customer.

import { getJson, postJson } from "./api.js";
import { drawDay, drawMessage, drawTyping } from "./bubbles.js";
import { element } from "./format.js";

const CALM = 700;
const EAGER = 250;
const EAGER_FOR = 6000;
const ATTACHMENTS = [
  { title: "A photo", media: [{ url: "https://api.twilio.com/Media/ME01", content_type: "image/jpeg" }] },
  { title: "A voice note", media: [{ url: "https://api.twilio.com/Media/ME02", content_type: "audio/ogg" }] },
  { title: "My location", params: { Latitude: "-17.9243", Longitude: "25.8572", Label: "Victoria Falls" } },
];

export class Chat {
  constructor(page, heard) {
    this.page = page;
    this.heard = heard;
    this.customer = null;
    this.drawn = new Map();
    this.busyUntil = 0;
    this.timer = 0;
    this.fillAttachments();
    document.addEventListener("click", (event) => this.closeSheets(event));
    // A picture that arrives makes the end longer; "load" does not bubble, so it is caught on its way down.
    page.messages.addEventListener("load", (event) => this.followPicture(event.target), true);
  }

  followPicture(picture) {
    const { scroll } = this.page;
    const below = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight;
    if (below < 120 + picture.offsetHeight) scroll.scrollTop = scroll.scrollHeight;
  }

  become(customer) {
    this.customer = customer;
    this.after = 0;
    this.drawn.clear();
    this.page.messages.replaceChildren();
    this.page.list.hidden = true;
    this.say("");
    this.poll();
  }

  async send(extra) {
    const { phone, name } = this.customer;
    this.busyUntil = Date.now() + EAGER_FOR;
    const answer = postJson("/_sim/twilio/inbound", { from: phone, profile_name: name, ...extra });
    setTimeout(() => this.poll(), 60);
    try {
      const { status } = await answer;
      this.say(status >= 200 && status < 300 ? "" : sorry(status));
    } catch {
      this.say("The simulator does not answer. Is it still running?");
    }
    this.poll();
  }

  write(text) {
    return this.send({ body: text });
  }

  say(text) {
    this.page.notice.textContent = text;
    this.page.notice.hidden = !text;
  }

  async poll() {
    clearTimeout(this.timer);
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const { phone } = this.customer;
    try {
      const contact = encodeURIComponent(phone);
      const found = await getJson(`/_sim/twilio/messages?contact=${contact}&after=${this.after}`);
      if (turn !== this.turn) return;
      if (found.latest < this.after) return this.become(this.customer);
      this.after = found.latest;
      this.show(found);
    } catch {
      if (turn === this.turn) this.say("The simulator does not answer. Is it still running?");
    }
    this.timer = setTimeout(() => this.poll(), Date.now() < this.busyUntil ? EAGER : CALM);
  }

  show({ messages, typing }) {
    const { scroll } = this.page;
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 120;
    const fresh = messages.filter((message) => !this.drawn.has(message.sid));
    for (const message of messages) this.place(message);
    this.page.messages.querySelector(".typing")?.remove();
    this.page.presence.textContent = typing ? "typing…" : "online";
    if (typing) this.page.messages.append(drawTyping());
    if (fresh.length) this.heard(fresh);
    if ((fresh.length || typing) && atEnd) scroll.scrollTop = scroll.scrollHeight;
  }

  place(message) {
    const item = drawMessage(message, this);
    const known = this.drawn.get(message.sid);
    if (known) {
      item.classList.toggle("turn", known.item.classList.contains("turn"));
      known.item.replaceWith(item);
    } else {
      const last = [...this.drawn.values()].pop()?.message;
      const newDay = !last || new Date(last.at).toDateString() !== new Date(message.at).toDateString();
      if (newDay) this.page.messages.append(drawDay(message.at));
      item.classList.toggle("turn", newDay || last.direction !== message.direction);
      this.page.messages.append(item);
    }
    this.drawn.set(message.sid, { message, item });
  }

  tapButton(message, button) {
    return this.send({
      body: button.title, button_text: button.title, payload: button.id, replied_sid: message.sid,
    });
  }

  openList(message) {
    const { list } = this.page;
    list.replaceChildren(element("h3", "", message.shown.list_button));
    for (const row of message.shown.items) {
      list.append(choice(row.item, row.description, () => {
        list.hidden = true;
        this.send({ body: row.item, list_id: row.id, list_title: row.item, replied_sid: message.sid });
      }));
    }
    list.hidden = false;
  }

  fillAttachments() {
    const { attach, attachments } = this.page;
    for (const { title, ...extra } of ATTACHMENTS) {
      attachments.append(choice(title, "", () => {
        attachments.hidden = true;
        this.send(extra);
      }));
    }
    attach.addEventListener("click", () => { attachments.hidden = !attachments.hidden; });
  }

  closeSheets({ target }) {
    const { list, attach, attachments } = this.page;
    if (!target.closest(".sheet, .action")) list.hidden = true;
    if (!attach.contains(target) && !attachments.contains(target)) attachments.hidden = true;
  }
}

function choice(title, description, chosen) {
  const row = element("button", "row");
  row.type = "button";
  row.append(element("span", "", title));
  if (description) row.append(element("small", "", description));
  row.addEventListener("click", chosen);
  return row;
}

function sorry(status) {
  return status
    ? `The bot answered with HTTP ${status}; Twilio has your message and the bot will find it.`
    : "The bot does not answer; Twilio has your message and the bot will find it.";
}
