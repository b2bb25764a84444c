// The page: one talk, kept in memory only.

import { Exit, goTo } from "./exit.js";
import { Line } from "./line.js";
import * as transcript from "./transcript.js";
import { changeLanguage, config, say, spoken } from "./words.js";

const STILL_AFTER = 5_000; // milliseconds until a slow answer is spoken of
const LONG_MESSAGE = 4_000; // characters past which no topic is read (MESSAGE_LIMIT)
const isFramed = window.parent !== window;
const isTouch = matchMedia("(pointer: coarse)").matches;

const [page, talk, safety, row, box, note, sendButton, closeButton] = (
  ["page", "talk", "safety", "row", "box", "note", "send", "close"].map((id) => document.getElementById(id))
);

let line = new Line();
let turn = 0; // counts up: an answer to an older turn than this is not wanted any more
let isWaiting = false;
let isOpening = false; // what is under way is only the opening
let sendNext = false; // Enter was pressed while an answer was awaited
let offered = []; // the choices in view
let lastSent = 0;

// ---- Leaving ----------------------------------------------------------------

function forget() {
  turn += 1;
  isWaiting = sendNext = false;
  offered = [];
  line.end();
  line = new Line(); // an answer that is still on its way finds nobody
  box.value = "";
  transcript.clearAll();
}

function leave() {
  forget();
  if (isFramed) {
    // The script on the clinic's page empties and leaves that page; where there is none, this does.
    window.parent.postMessage({ waymark: "exit" }, "*");
    document.body.replaceChildren();
    setTimeout(() => window.top.location.replace(config.exit_to), 250);
  } else goTo(config.exit_to, config.title);
}

window.addEventListener("pagehide", forget);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload(); // "Back" starts afresh: somebody else may hold the device
});

// ---- A turn -----------------------------------------------------------------

// Waits for an answer and shows it. `question` is the visitor's entry, if there is one; `onFailure` takes it back.
async function takeTurn(answer, question, onFailure) {
  const current = (turn += 1);
  isWaiting = true;
  isOpening = !question;
  transcript.waitSign(true, Boolean(question));
  const slow = setTimeout(() => describe(say("still")), STILL_AFTER);
  let replies = null;
  let trouble = null;
  try {
    replies = await answer();
  } catch (error) {
    trouble = error;
  }
  clearTimeout(slow);
  if (turn !== current) return; // the page was left, or the chat deleted
  isWaiting = isOpening = false;
  transcript.waitSign(false);
  describe();
  if (!replies) {
    sendNext = false;
    onFailure(trouble);
    return;
  }
  lastSent = Date.now();
  show(replies, question);
  if (sendNext) submit();
}

function show(replies, question) {
  if (!replies.length) return; // passed on to a person
  const entry = transcript.addReplies(replies);
  offered = replies.flatMap((reply) => reply.choices ?? []);
  transcript.offer(
    offered.map((each) => each.title),
    pick,
  );
  transcript.bringIntoView(entry, question);
}

function open() {
  transcript.clearTurn();
  offered = [];
  return takeTurn(
    () => line.start(spoken()),
    null,
    (trouble) => failed(trouble.text || say("opening_failed"), open, false),
  );
}

// Sends words or a choice. `typed` goes back into the box if no answer comes.
function deliver(message, words, typed = "") {
  transcript.clearTurn();
  offered = [];
  const entry = transcript.addMine(words);
  return takeTurn(
    () => sendInSession(message, words),
    entry,
    (trouble) => {
      entry.remove();
      if (typed) box.value = box.value ? `${typed}\n${box.value}` : typed;
      describe();
      // The same id again: if the answer only got lost on its way, it is not made twice.
      const again = () => {
        if (typed && box.value !== typed) return submit();
        box.value = typed ? "" : box.value;
        deliver(message, words, typed);
      };
      const isOffline = trouble.kind === "unreachable" && !navigator.onLine;
      failed(trouble.text || say("failed"), again, true);
      if (isOffline) describe(say("offline"));
    },
  );
}

async function sendInSession(message, words) {
  const current = line;
  if (!current.isOpen) await current.start(spoken());
  try {
    return await current.say(message, spoken());
  } catch (error) {
    // A choice of an older answer, or of a server that was started anew since, is said in words instead.
    if (error.kind === "choice_gone") return current.say({ id: Line.newId(), text: words }, spoken());
    if (error.kind !== "expired") throw error;
    current.forget();
    await current.start(spoken());
    const replies = await current.say({ id: Line.newId(), text: message.text ?? words }, spoken());
    if (current !== line) return replies;
    transcript.addNotice(say("new_session"));
    return replies;
  }
}

function failed(words, again, inView) {
  transcript.fail(words);
  transcript.offer([say("retry")], () => {
    focusAfterTap();
    again();
  });
  if (inView) transcript.showChoices();
}

function pick(place) {
  const { title, choice, leave: isExit } = offered[place];
  if (isExit) return leave();
  focusAfterTap();
  return deliver({ id: Line.newId(), choice }, title);
}

// On a phone the text box would bring up the keyboard and hide the answer.
function focusAfterTap() {
  (isTouch ? talk : box).focus({ preventScroll: true });
}

function submit() {
  const typed = box.value;
  const words = typed.trim();
  sendNext = Boolean(words && isWaiting);
  if (words && !sendNext) {
    box.value = "";
    const number = /^[1-9]$/.test(words) ? Number(words) : 0;
    if (number && number <= offered.length) pick(number - 1);
    else deliver({ id: Line.newId(), text: words }, words, typed);
  }
  describe();
}

// ---- The text box -----------------------------------------------------------

function describe(words = "") {
  box.style.height = "auto";
  box.style.height = `${box.scrollHeight + 2}px`; // and its two borders
  words ||= sendNext && !isOpening ? say("next") : box.value.length > LONG_MESSAGE ? say("long") : "";
  if (note.textContent !== words) note.textContent = words;
}

box.addEventListener("input", () => describe());
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
window.addEventListener("offline", () => describe(say("offline")));
window.addEventListener("online", () => describe(say("online")));

// ---- Deleting, safety, language ---------------------------------------------

document.getElementById("delete").addEventListener("click", async () => {
  turn += 1;
  isWaiting = sendNext = false;
  try {
    if (line.isOpen) await line.delete(spoken());
  } catch (error) {
    if (error.kind !== "expired") {
      transcript.waitSign(false);
      failed(error.text || say("delete_failed"), () => document.getElementById("delete").click(), true);
      return;
    }
  }
  clear("deleted");
});

// Empties the chat and says why; a new one begins when it is asked for.
function clear(why) {
  line = new Line();
  transcript.clearAll();
  offered = [];
  transcript.addNotice(say(why));
  transcript.offer([say("start_again")], () => {
    focusAfterTap();
    open();
  });
}

function turnTo(view) {
  const isSafety = view === "safety";
  safety.hidden = !isSafety;
  talk.hidden = row.hidden = isSafety;
  document.getElementById("show_safety").hidden = isSafety;
  if (isSafety) {
    safety.scrollTop = 0;
    safety.focus();
  } else if (!lastSent && !isWaiting && !line.isOpen) open();
}

document.getElementById("show_safety").addEventListener("click", () => turnTo("safety"));
document.getElementById("safety_back").addEventListener("click", () => {
  turnTo("talk");
  document.getElementById("show_safety").focus();
});

document.getElementById("language").addEventListener("click", async () => {
  const isUntouched = !document.querySelector(".mine");
  changeLanguage();
  describe();
  if (!isUntouched || !safety.hidden) return;
  // Nothing was asked yet: greet again, in this language.
  line.end();
  line = new Line();
  transcript.clearAll();
  await open();
});

// ---- While nothing is sent ---------------------------------------------------

// A talk that nobody goes on with is not left on the screen: its session has ended on the server too.
function isCleared() {
  const isIdle = line.isOpen && !isWaiting && Date.now() - lastSent > config.idle * 1000;
  if (isIdle) clear("cleared");
  return isIdle;
}

document.addEventListener("visibilitychange", isCleared);

// Seconds between two looks while a person has the talk.
const NEAR = 3;

async function look() {
  const current = turn;
  try {
    if (document.hidden || isWaiting || !line.isOpen || isCleared()) return;
    const replies = await line.later();
    if (turn === current && replies.length) show(replies, null);
  } catch {
    // The next message tells whether the server is there.
  } finally {
    setTimeout(look, (line.hasPerson ? NEAR : config.poll) * 1000);
  }
}

// ---- In the window of a clinic's page ----------------------------------------

if (isFramed) {
  const tell = (what) => window.parent.postMessage({ waymark: what }, "*");
  closeButton.hidden = false;
  closeButton.addEventListener("click", () => tell("close"));
  window.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell("close");
  });
  window.addEventListener("message", (event) => {
    if (event.source === window.parent && event.data?.waymark === "opened") focusAfterTap();
  });
  tell("ready");
}

// Keeps Exit in view while a phone's keyboard covers part of the page.
function fit() {
  if (visualViewport.scale > 1.01) return;
  page.style.setProperty("--height", `${visualViewport.height}px`);
  page.style.setProperty("--top", `${visualViewport.offsetTop}px`);
}

window.visualViewport?.addEventListener("resize", fit);
window.visualViewport?.addEventListener("scroll", fit);

new Exit(
  document.getElementById("leave"),
  Object.fromEntries(["exit_twice", "exit_once", "exit_over"].map((name) => [name, say(name)])),
  leave,
);
setTimeout(look, config.poll * 1000);
if (config.view === "talk") open();
else turnTo("safety");
