// The SMS side of the phone: the codes that the simulated Omari sends to the numbers this customer pays with.

import { getJson } from "./api.js";
import { clock } from "./bubbles.js";
import { element } from "./format.js";

const PAUSE = 700;
const TOAST_FOR = 15000;
const NUMBER = /(?:\+?263|\b0)7\d{8}\b/g;

export class Inbox {
  constructor(page, useCode) {
    this.page = page;
    this.useCode = useCode;
    this.timer = 0;
    page.toastCopy.addEventListener("click", () => this.take(this.toastCode));
  }

  become(customer) {
    this.numbers = new Set();
    this.seen = new Map();
    // What a number had when it was looked at first is old: a number may come up with the chat.
    this.looked = new Set();
    this.page.sms.replaceChildren();
    this.hideToast();
    this.watch(customer.phone);
    this.poll();
  }

  // Omari has Zimbabwean numbers only, written 2637… without a plus.
  watch(text) {
    for (const [found] of text.replaceAll(/[\s()-]/g, "").matchAll(NUMBER)) {
      this.numbers.add(`263${found.slice(-9)}`);
    }
    this.page.smsNumbers.textContent = this.numbers.size
      ? [...this.numbers].map((number) => `+${number}`).join(", ")
      : "no Omari number";
  }

  async poll() {
    clearTimeout(this.timer);
    const turn = (this.turn = (this.turn ?? 0) + 1);
    const found = [];
    const answered = [];
    for (const number of this.numbers) {
      try {
        const inbox = await getJson(`/omari/_sim/sms/${number}`);
        for (const sms of inbox) found.push({ ...sms, number });
        answered.push(number);
      } catch {
        // A simulator that is being asked to misbehave may not answer; the next look will.
      }
      if (turn !== this.turn) return;
    }
    this.show(found);
    for (const number of answered) this.looked.add(number);
    this.timer = setTimeout(() => this.poll(), PAUSE);
  }

  show(found) {
    found.sort((one, other) => moment(one) - moment(other));
    const fresh = found.filter((sms) => !this.seen.has(key(sms)));
    for (const sms of fresh) this.place(sms);
    this.page.smsEmpty.hidden = this.seen.size > 0;
    const news = fresh.filter((sms) => this.looked.has(sms.number));
    if (news.length) this.toast(news.at(-1));
    if (fresh.length) this.page.smsScroll.scrollTop = this.page.smsScroll.scrollHeight;
  }

  place(sms) {
    for (const old of this.page.sms.children) old.classList.add("old");
    const item = element("li", "message in");
    const bubble = element("div", "bubble", sms.text);
    bubble.append(element("span", "meta", clock(moment(sms))));
    item.append(element("div", "to", `to +${sms.number}`), bubble);
    if (sms.otp) {
      const copy = element("button", "code", `Put ${sms.otp} into the chat`);
      copy.type = "button";
      copy.addEventListener("click", () => this.take(sms.otp));
      item.append(copy);
    }
    this.page.sms.append(item);
    this.seen.set(key(sms), item);
  }

  toast(sms) {
    this.toastCode = sms.otp;
    this.page.toastText.textContent = sms.text;
    this.page.toastCopy.hidden = !sms.otp;
    this.page.toast.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => this.hideToast(), TOAST_FOR);
  }

  hideToast() {
    this.page.toast.hidden = true;
  }

  take(code) {
    this.hideToast();
    this.useCode(code);
  }
}

function moment(sms) {
  return typeof sms.at === "number" ? sms.at * (sms.at < 1e11 ? 1000 : 1) : Date.parse(sms.at);
}

function key(sms) {
  return `${sms.number} ${sms.at} ${sms.otpReference} ${sms.text}`;
}
