// What was said, and what can be tapped next.

import { linked, unseen } from "./links.js";
import { say } from "./words.js";

const [talk, log, choices, failure, typing] = ["talk", "log", "choices", "failure", "typing"].map((id) =>
  document.getElementById(id),
);

function add(kind, who, ...parts) {
  const entry = Object.assign(document.createElement("div"), { className: `entry ${kind}` });
  parts.forEach((part, place) => {
    const bubble = Object.assign(document.createElement("div"), { className: "bubble", dir: "auto" });
    if (!place) bubble.append(unseen(who));
    bubble.append(part);
    entry.append(bubble);
  });
  // One entry, put in whole: a screen reader reads it once, from its beginning.
  log.append(entry);
  return entry;
}

export function addMine(words) {
  return add("mine", say("you"), words);
}

/** One answer, however many replies it has, is one entry. */
export function addReplies(replies) {
  return add("guide", say("guide"), ...replies.map((reply) => linked(reply.text, say("new_tab"))));
}

/** A long answer is read from its beginning, with the question above it if that is short; its choices come below. */
export function bringIntoView(entry, question) {
  const isShort = question && question.offsetHeight < talk.clientHeight / 3;
  if (question) (isShort ? question : entry).scrollIntoView({ block: "start" });
  else if (log.childElementCount > 1) entry.scrollIntoView({ block: "nearest" });
}

export function addNotice(words) {
  add("remark", "", words);
}

/** Offers choices, each with a number that can be typed instead. */
export function offer(titles, onPick) {
  choices.replaceChildren();
  choices.hidden = !titles.length;
  titles.forEach((title, place) => {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    const number = Object.assign(document.createElement("span"), { className: "number", textContent: place + 1 });
    number.setAttribute("aria-hidden", "true");
    button.append(number, title);
    button.addEventListener("click", () => onPick(place));
    choices.append(button);
  });
}

export function fail(words) {
  const bubble = Object.assign(document.createElement("div"), { className: "bubble", dir: "auto" });
  bubble.append(linked(words, say("new_tab")));
  failure.replaceChildren(bubble);
}

export function showChoices() {
  choices.scrollIntoView({ block: "nearest" });
}

/** Takes away what belongs to the last turn only. */
export function clearTurn() {
  failure.replaceChildren();
  offer([]);
}

export function clearAll() {
  clearTurn();
  log.replaceChildren();
  typing.hidden = true;
}

export function waitSign(isOn, inView = false) {
  typing.hidden = !isOn;
  if (isOn && inView) typing.scrollIntoView({ block: "nearest" });
}
