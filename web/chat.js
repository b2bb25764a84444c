"use strict";

// Where Exit leads: a page that nobody wonders about.
const EXIT_TO = "https://www.google.com";
const CHAT_ADDRESS = "webhooks/rest/webhook";
const OPEN_WITH = "/want_start_over";

const OPENING_WITHIN = 8_000; // milliseconds
const ANSWER_WITHIN = 20_000; // milliseconds
const SHIFT_WITHIN = 2_000; // milliseconds between two presses
const LONG_MESSAGE = 4_000; // characters that the server reads for the topic (MESSAGE_LIMIT)

const TEXTS = {
  opening:
    "Hi. I'm an automated guide, not a person, and I can't reach my answers right now. " +
    "You can reach these people without me:\n" +
    "- In danger now: call 911.\n" +
    "- In crisis, or thinking of suicide: call or text 988 (any time).\n" +
    "- Hurt, scared or controlled by someone: call 1-800-799-7233, or text START to 88788.",
  failed:
    "No answer came back. Nothing you typed is lost, and you can try again.\n" +
    "If you are in danger, call 911. In crisis, call or text 988 (any time).",
  retry: "Retry",
  long:
    "It's fine to send a message this long. To find your topic I read the first 4,000 characters, " +
    "so a short question may get a better answer.",
  next: "This goes out as soon as the answer before it is here.",
  you: "You: ",
  guide: "Guide: ",
  choices: "Answers to tap",
  newTab: " (opens a new tab)",
};

const [page, talk, log, typing, box, note, exit, sendButton] =
  ["page", "talk", "log", "typing", "box", "note", "exit", "send"].map((id) => document.getElementById(id));

// Who the visitor is to the server. It lives in this variable alone and is gone with the page.
let sender = newSender();
let request = null; // the AbortController of the message under way
let isOpening = false; // the message under way is only the opening
let sendNext = false; // Enter was pressed while an answer was awaited

function newSender() {
  if (crypto.randomUUID) return crypto.randomUUID();
  // Over plain http from another machine a browser has no randomUUID.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// ---- Leaving ---------------------------------------------------------------

function forget() {
  request?.abort();
  request = null;
  sendNext = false;
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

function countShifts(event) {
  if (event.repeat) return;
  // Any other key in between starts the count again: a capital letter is no press of Shift alone.
  if (event.key !== "Shift") shifts = 0;
  else shifts = event.timeStamp - lastShift < SHIFT_WITHIN ? shifts + 1 : 1;
  lastShift = event.timeStamp;
  if (shifts === 3) leave();
}

window.addEventListener("keydown", countShifts, true);
window.addEventListener("pagehide", forget);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // "Back" starts afresh: somebody else may hold the device
});

// ---- Numbers and addresses become links ------------------------------------

// An https address, a bare domain, a number; and what only looks like one: e-mail, "$150", "1,000", "Healing119".
const TOKEN = new RegExp(
  [
    String.raw`(?<address>https:\/\/[^\s<>"]+)`,
    String.raw`http:\/\/\S+|[\w.+\-]+@[\w.\-]+`,
    String.raw`(?<domain>(?:[a-z\d\-]+\.)+(?:com|org|net|gov|au|br|ca|ie|nz|uk|za)(?![\w\-])(?:\/[^\s<>"]*)?)`,
    String.raw`[$€£#]\d[\d.,]*|\d{1,3}(?:,\d{3})+|\p{L}[\p{L}\d]*`,
    String.raw`(?<number>[+*]?(?:\(\d+\)[ .\-]?)?\d(?:[ .\u00a0\-]?\d)+)`,
  ].join("|"),
  "giu",
);
const YEAR_OR_DATE = /^(19|20)\d\d(\D|$)/;
const UNIT = /^[\s-]?(%|mg|mcg|ml|am\b|pm\b|minutes?|hours?|days?|weeks?|months?|years?|people|percent)/i;
const CALL_OR_TEXT = /\b(call|text|llame)(?: or | o )(?:call|text|envíe) .*/i;
const VERB = /\b(call|dial|llame|marque|text|texting|send|envíe|whatsapp)(?=[\s,:])/gi;

function isPhone(number, after) {
  if (YEAR_OR_DATE.test(number) || UNIT.test(after)) return false;
  const digits = number.replace(/\D/g, "").length;
  return /^\*?\d{3,5}$/.test(number) || (digits >= 6 && digits <= 15);
}

// The pieces of a text that are links: where each starts, its words, its address and, where needed, its label.
function* linksIn(text) {
  let done = 0;
  for (const { 0: token, index, groups } of text.matchAll(TOKEN)) {
    if (groups.address || groups.domain) {
      const words = token.replace(/[.,;:!?)\]'’”]+$/u, "");
      yield { start: index, words, href: groups.address ? words : `https://${words}` };
    } else if (groups.number && isPhone(token, text.slice(index + token.length))) {
      const clause = text.slice(done, index).split(/[.;!?\n]/).pop();
      const digits = token.replace(/[^\d+*]/g, "");
      const href = (verb) => `${/^(text|send|envíe)/i.test(verb) ? "sms" : "tel"}:${digits}`;
      const last = [...clause.matchAll(VERB)].pop();
      if (last?.[1].toLowerCase() === "whatsapp") continue;
      const both = clause.match(CALL_OR_TEXT);
      const clauseStart = index - clause.length;
      if (both) {
        // "call or text 988": two links, "call" and "text 988".
        yield { start: clauseStart + both.index, words: both[1], href: href(both[1]), label: `${both[1]} ${token}` };
      }
      const start = both ? clauseStart + last.index : index;
      yield { start, words: text.slice(start, index) + token, href: href(last?.[1]) };
    } else continue;
    done = index + token.length;
  }
}

// Everything goes in as text, never as markup.
function linked(text) {
  const parts = document.createDocumentFragment();
  let done = 0;
  for (const { start, words, href, label } of linksIn(text)) {
    const anchor = Object.assign(document.createElement("a"), { href, textContent: words });
    if (label) anchor.setAttribute("aria-label", label);
    if (href.startsWith("https:")) {
      Object.assign(anchor, { target: "_blank", rel: "noopener noreferrer" });
      anchor.append(unseen(TEXTS.newTab));
    }
    parts.append(text.slice(done, start), anchor);
    done = start + words.length;
  }
  parts.append(text.slice(done));
  return parts;
}

// ---- The transcript --------------------------------------------------------

function unseen(words) {
  return Object.assign(document.createElement("span"), { className: "unseen", textContent: words });
}

function addBubble(kind, words) {
  const bubble = Object.assign(document.createElement("div"), { className: `bubble ${kind}`, dir: "auto" });
  if (kind === "mine") bubble.append(unseen(TEXTS.you), words);
  else bubble.append(unseen(TEXTS.guide), linked(words));
  log.append(bubble);
  return bubble;
}

function addButtons(choices) {
  const group = Object.assign(document.createElement("div"), { className: "choices" });
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", TEXTS.choices);
  for (const { title, onTap } of choices) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: title });
    button.addEventListener("click", () => {
      // On a phone the text box would bring up the keyboard and hide the answer.
      (matchMedia("(pointer: coarse)").matches ? talk : box).focus({ preventScroll: true });
      onTap();
    });
    group.append(button);
  }
  log.append(group);
  return group;
}

// ---- Sending ---------------------------------------------------------------

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

function show(replies, question) {
  const shown = replies.map((reply) => addBubble("guide", reply.text));
  const choices = replies.flatMap((reply) => reply.buttons ?? []).filter((choice) => choice?.title);
  if (choices.length) {
    addButtons(choices.map(({ title, payload }) => ({ title, onTap: () => deliver(payload || title, title) })));
  }
  // A long answer is read from its beginning, with the question above it if that is short.
  const isShort = question && question.offsetHeight < talk.clientHeight / 3;
  if (question) (isShort ? question : shown[0]).scrollIntoView({ block: "start" });
}

// Sends a message, shown as the visitor's `words`; `typed` goes back into the box if no answer comes.
async function deliver(message, words, typed = "") {
  for (const old of log.querySelectorAll(".choices, .failure")) old.remove();
  request?.abort();
  const current = (request = new AbortController());
  isOpening = !words;
  const bubble = words ? addBubble("mine", words) : null;
  typing.hidden = false;
  if (words) typing.scrollIntoView({ block: "nearest" });
  const timer = setTimeout(() => current.abort(), isOpening ? OPENING_WITHIN : ANSWER_WITHIN);
  const replies = await ask(message, current.signal).catch(() => []);
  clearTimeout(timer);
  if (request !== current) return; // the page was left, or the visitor wrote before the opening came
  request = null;
  typing.hidden = true;
  if (replies.length) {
    show(replies, bubble);
    if (sendNext) submit();
    return;
  }
  sendNext = false;
  bubble?.remove();
  if (typed) box.value = box.value ? `${typed}\n${box.value}` : typed;
  describeBox();
  addBubble("failure", words ? TEXTS.failed : TEXTS.opening);
  const retry = typed ? submit : () => deliver(message, words);
  const buttons = addButtons([{ title: TEXTS.retry, onTap: retry }]);
  if (words) buttons.scrollIntoView({ block: "nearest" });
}

function submit() {
  const typed = box.value;
  sendNext = Boolean(typed.trim() && request && !isOpening);
  if (typed.trim() && !sendNext) {
    box.value = "";
    deliver(typed.trim(), typed.trim(), typed);
  }
  describeBox();
}

function describeBox() {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`; // and its two borders
  const words = sendNext ? TEXTS.next : box.value.length > LONG_MESSAGE ? TEXTS.long : "";
  if (note.textContent !== words) note.textContent = words;
}

box.addEventListener("input", describeBox);
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  submit();
});
sendButton.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps a phone's keyboard up
sendButton.addEventListener("click", () => {
  box.focus({ preventScroll: true });
  submit();
});

// Keeps Exit in view while a phone's keyboard covers part of the page.
function fit() {
  if (visualViewport.scale > 1.01) return;
  page.style.setProperty("--height", `${visualViewport.height}px`);
  page.style.setProperty("--top", `${visualViewport.offsetTop}px`);
}

window.visualViewport?.addEventListener("resize", fit);
window.visualViewport?.addEventListener("scroll", fit);

deliver(OPEN_WITH, "");
