"use strict";

// Where Exit leads: a page that nobody wonders about.
const EXIT_TO = "https://www.google.com";
const CHAT_ADDRESS = "webhooks/rest/webhook";
const OPEN_WITH = "/want_start_over";

const ANSWER_WITHIN = 20_000; // milliseconds
const SHIFT_WITHIN = 2_000; // milliseconds between two presses
const LONG_MESSAGE = 4_000; // characters that the server reads for the topic (MESSAGE_LIMIT)

const TEXTS = {
  opening:
    "Hi. I'm an automated guide, not a person, and I can't reach my answers right now. These people can be reached without me:\n" +
    "- In danger now: call 911.\n" +
    "- In crisis, or thinking of suicide: call or text 988 (any time).\n" +
    "- Hurt, scared or controlled by someone: call 1-800-799-7233, or text START to 88788.",
  failed:
    "No answer came back. Nothing you typed is lost, and you can try again.\n" +
    "If you are in danger, call 911. In crisis, call or text 988 (any time).",
  retry: "Retry",
  long:
    "It's fine to send a message this long. To find your topic I read the first 4,000 characters, so a short question may get a better answer.",
  next: "This goes out as soon as the answer before it is here.",
  you: "You: ",
  guide: "Guide: ",
  choices: "Answers to tap",
  newTab: " (opens a new tab)",
};

const find = (id) => document.getElementById(id);
const [page, talk, log, typing, box, note, exit] = ["page", "talk", "log", "typing", "box", "note", "exit"].map(find);

// Who the visitor is to the server. It lives in this variable alone and is gone with the page.
let sender = newId();
let request = null; // the AbortController of the message under way
let opening = false; // the message under way is only the opening
let sendNext = false; // Enter was pressed while an answer was awaited

function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Over plain http from another machine a browser has no randomUUID.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---- Leaving --------------------------------------------------------------------------------------------------

function forget() {
  request?.abort();
  request = null;
  sender = "";
  box.value = "";
  log.replaceChildren();
}

function leave() {
  document.body.replaceChildren();
  forget();
  location.replace(EXIT_TO);
}

exit.href = EXIT_TO;
exit.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});
exit.addEventListener("keydown", (event) => {
  if (event.key === " ") leave();
});

let shifts = 0;
let lastShift = 0;
const noShift = () => (shifts = 0);
window.addEventListener("pointerdown", noShift, true);
window.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Shift") return noShift(); // a capital letter is no press of Shift alone
    if (event.repeat) return;
    shifts = event.timeStamp - lastShift < SHIFT_WITHIN ? shifts + 1 : 1;
    lastShift = event.timeStamp;
    if (shifts === 3) leave();
  },
  true,
);

window.addEventListener("pagehide", forget);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // "Back" starts afresh: somebody else may hold the device
});

// ---- Words and links ------------------------------------------------------------------------------------------

// Addresses, numbers, and what only looks like one of them (e-mail, amounts, words such as "Healing119").
const TOKEN =
  /(https:\/\/[^\s<>"]+)|[\w.+-]+@[\w.-]+|((?:[a-z\d-]+\.)+(?:com|org|net|gov|info|au|br|ca|de|es|ie|in|mx|nz|uk|us|za)(?![\w-])(?:\/[^\s<>"]*)?)|[$€£#]\d[\d.,]*|\d{1,3}(?:,\d{3})+|\p{L}[\p{L}\d]*|([+*]?\(?\d(?:(?:[ .\u00a0-]?\(?|\)[ .-]?)\d)+)/giu;
const YEAR_OR_DATE = /^(19|20)\d\d(\D|$)/;
const UNIT = /^[\s-]?(%|°|mg|mcg|ml|kg|am\b|pm\b|minutes?|hours?|days?|weeks?|months?|years?|people|percent)/i;
const CALL_OR_TEXT = /\b(?:(?:call|llame) (?:or|o) (text|env)|(text) or call)/i;
const VERB = /\b(call|dial|phone|llame|marque|text|texting|send|env[ií]e|whatsapp)(?=[\s,:])/gi;

function isPhone(token, after) {
  if (YEAR_OR_DATE.test(token) || UNIT.test(after)) return false;
  const digits = token.replace(/\D/g, "").length;
  return /^\*?\d{3,5}$/.test(token) || (digits >= 6 && digits <= 15);
}

function link(href, words) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.textContent = words;
  if (href.startsWith("https:")) {
    anchor.target = "_blank";
    anchor.rel = "noopener noreferrer";
    anchor.append(hidden(TEXTS.newTab));
  }
  return anchor;
}

// The text with its numbers and https addresses as links. Everything goes in as text, never as markup.
function linked(text) {
  const parts = document.createDocumentFragment();
  let done = 0;
  const upTo = (end) => {
    parts.append(text.slice(done, end));
    done = end;
  };
  const add = (start, words, href) => {
    upTo(start);
    parts.append(link(href, words));
    done = start + words.length;
  };
  for (const { 0: token, 1: address, 2: domain, 3: number, index } of text.matchAll(TOKEN)) {
    if (address || domain) {
      const words = token.replace(/[.,;:!?)\]'’”]+$/u, "");
      add(index, words, address ? words : `https://${words}`);
    } else if (number && isPhone(number, text.slice(index + number.length))) {
      const clause = text.slice(done, index).split(/[.;!?\n]/).pop();
      const verb = [...clause.matchAll(VERB)].pop()?.[1].toLowerCase() ?? "call";
      const dialled = number.replace(/[^\d+*]/g, "");
      const both = clause.match(CALL_OR_TEXT);
      if (both) {
        // "call or text 988": the number calls, the word "text" opens a message.
        const start = index - clause.length + both.index + both[0].search(/text|env/i);
        const word = text.slice(start).match(/^\p{L}+/u)[0];
        add(start, word, `sms:${dialled}`);
        parts.lastChild.setAttribute("aria-label", `${word} ${number}`);
      }
      if (both || !/^(text|send|env|whatsapp)/.test(verb)) add(index, number, `tel:${dialled}`);
      else if (verb !== "whatsapp") add(index, number, `sms:${dialled}`);
    }
  }
  upTo(text.length);
  return parts;
}

function hidden(words) {
  const span = document.createElement("span");
  span.className = "unseen";
  span.textContent = words;
  return span;
}

// ---- The transcript -------------------------------------------------------------------------------------------

function addBubble(kind, words) {
  const bubble = document.createElement("div");
  bubble.className = `bubble ${kind}`;
  bubble.dir = "auto";
  bubble.append(hidden(kind === "mine" ? TEXTS.you : TEXTS.guide), kind === "mine" ? words : linked(words));
  log.append(bubble);
  return bubble;
}

function addButton(parent, title, onTap) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = title;
  button.addEventListener("click", onTap);
  parent.append(button);
}

function addChoices(choices) {
  const group = document.createElement("div");
  group.className = "choices";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", TEXTS.choices);
  for (const { title, payload } of choices) addButton(group, title, () => tapped(payload || title, title));
  log.append(group);
}

function addFailure(words, retry) {
  const card = addBubble("failure", words);
  addButton(card, TEXTS.retry, retry);
  card.scrollIntoView({ block: "end" });
}

// ---- Sending --------------------------------------------------------------------------------------------------

async function ask(message, signal) {
  const answer = await fetch(CHAT_ADDRESS, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ sender, message }),
    credentials: "omit",
    cache: "no-store",
    redirect: "error",
    signal,
  });
  const replies = answer.ok ? await answer.json() : [];
  return replies.filter((reply) => typeof reply?.text === "string" && reply.text.trim());
}

// Sends a message and shows the visitor's words for it. Gives true when an answer was shown.
async function send(message, words) {
  for (const old of log.querySelectorAll(".choices, .failure")) old.remove();
  request?.abort();
  const current = (request = new AbortController());
  opening = message === OPEN_WITH && !words;
  const bubble = words ? addBubble("mine", words) : null;
  typing.hidden = false;
  typing.scrollIntoView({ block: "end" });
  const timer = setTimeout(() => current.abort(), ANSWER_WITHIN);
  const replies = await ask(message, current.signal).catch(() => []);
  clearTimeout(timer);
  if (request !== current) return true; // the page was left, or the visitor wrote before the opening came
  request = null;
  typing.hidden = true;
  if (!replies.length) {
    bubble?.remove();
    return false;
  }
  const shown = replies.map((reply) => addBubble("guide", reply.text));
  const choices = replies.flatMap((reply) => reply.buttons ?? []).filter((choice) => choice?.title);
  if (choices.length) addChoices(choices);
  // A long answer is read from its beginning, with the question above it.
  const first = bubble && bubble.offsetHeight < talk.clientHeight / 3 ? bubble : shown[0];
  first.scrollIntoView({ block: "start" });
  return true;
}

async function open() {
  if (!(await send(OPEN_WITH, ""))) addFailure(TEXTS.opening, open);
}

async function tapped(message, title) {
  // On a phone the text box would bring up the keyboard and hide the answer.
  (matchMedia("(pointer: coarse)").matches ? talk : box).focus({ preventScroll: true });
  if (!(await send(message, title))) addFailure(TEXTS.failed, () => tapped(message, title));
  afterAnswer();
}

async function submit() {
  box.focus({ preventScroll: true });
  const words = box.value;
  if (!words.trim()) return;
  sendNext = request !== null && !opening;
  if (!sendNext) {
    box.value = "";
    describeBox();
    if (!(await send(words.trim(), words.trim()))) {
      sendNext = false;
      box.value = box.value ? `${words}\n${box.value}` : words;
      addFailure(TEXTS.failed, submit);
    }
    afterAnswer();
  }
  describeBox();
}

function afterAnswer() {
  if (sendNext && !request) submit();
}

function describeBox() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`;
  const words = sendNext ? TEXTS.next : box.value.length > LONG_MESSAGE ? TEXTS.long : "";
  if (note.textContent !== words) note.textContent = words;
}

box.addEventListener("input", describeBox);
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
find("send").addEventListener("pointerdown", (event) => event.preventDefault()); // keeps a phone's keyboard up
find("send").addEventListener("click", submit);

// Keeps Exit in view while a phone's keyboard covers part of the page.
function fit() {
  if (visualViewport.scale > 1.01) return;
  page.style.setProperty("--height", `${visualViewport.height}px`);
  page.style.setProperty("--top", `${visualViewport.offsetTop}px`);
}
window.visualViewport?.addEventListener("resize", fit);
window.visualViewport?.addEventListener("scroll", fit);

open();
