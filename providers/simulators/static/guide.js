// The card beside the phone: who you are, what to write, what to break.

import { callJson } from "./api.js";
import { element } from "./format.js";

export class Guide {
  constructor(page, setup, { chosen, write }) {
    this.page = page;
    this.setup = setup;
    this.write = write;
    this.chosen = chosen;
    this.fillCustomers();
    this.fillTries();
    this.fillKnobs();
  }

  start() {
    const wanted = decodeURIComponent(location.hash.slice(1));
    const at = this.setup.customers.findIndex((customer) => customer.phone === wanted);
    this.page.who.value = String(Math.max(at, 0));
    this.choose();
  }

  fillCustomers() {
    this.setup.customers.forEach((customer, at) => {
      const option = element("option", "", `${customer.name} · ${customer.phone}`);
      option.value = String(at);
      this.page.who.append(option);
    });
    this.page.who.addEventListener("change", () => this.choose());
  }

  choose() {
    const customer = this.setup.customers[Number(this.page.who.value)];
    history.replaceState(null, "", `#${encodeURIComponent(customer.phone)}`);
    const { hint, chips } = this.page;
    hint.replaceChildren();
    const words = ["pay"];
    if (customer.booking) {
      hint.append("Write ", element("b", "", "pay"), ". Your booking reference is ");
      hint.append(element("b", "", customer.booking), ".");
      words.push(customer.booking);
    } else {
      hint.append("Your number is on no booking. Write ", element("b", "", "pay"));
      hint.append(" and give somebody else's reference and surname.");
    }
    words.push("status", "cancel", "help");
    chips.replaceChildren(...words.map((word) => this.chip(word)));
    this.chosen(customer);
  }

  chip(word) {
    const made = element("button", "chip", word);
    made.type = "button";
    made.addEventListener("click", () => this.write(word));
    return made;
  }

  fillTries() {
    this.page.triesNote.textContent = this.setup.tries_note;
    for (const { text, effect } of this.setup.tries) {
      const row = element("li");
      row.append(this.chip(text), element("span", "", effect));
      this.page.tries.append(row);
    }
  }

  fillKnobs() {
    for (const knob of this.setup.knobs) {
      const turn = element("button", "", knob.title);
      turn.type = "button";
      turn.addEventListener("click", () => this.turn(knob));
      const row = element("li");
      row.append(turn);
      this.page.knobs.append(row);
    }
  }

  async turn(knob) {
    try {
      for (const { method, path, value } of knob.calls) await callJson(method, path, value);
      this.page.knobsNote.textContent = knob.done;
    } catch (problem) {
      this.page.knobsNote.textContent = `That did not work: ${problem.message}`;
    }
  }
}
