// The script for a clinic's site: a button, and, once it is tapped, the page in a window.
//
// The window is a frame from our own server. So no script of the site (a tracker, a recorder of visits) can read what is
// said, the site's style cannot break the page, and the page keeps its own strict policy. WAYMARK is written in front of
// this file by the server: names, colors and numbers, so that the numbers are there before anything is loaded.

import { launcher as strings } from "../strings.json";
import { Exit, goTo } from "./exit.js";
import { linked } from "./links.js";
import style from "./launcher.css";

const READY_WITHIN = 8_000; // milliseconds

const home = new URL(".", document.currentScript.src);
const language = (document.documentElement.lang || navigator.language).startsWith("es") ? "es" : "en";
const say = (name) =>
  strings[language][name].replace(/\{(\w+)\}/g, (whole, key) => WAYMARK.words[language][key] ?? whole);

function make(tag, properties = {}, ...parts) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...parts);
  return element;
}

const host = make("div");
const root = host.attachShadow({ mode: "open" });
const sheet = new CSSStyleSheet();
sheet.replaceSync(
  `:host{${WAYMARK.light}}@media (prefers-color-scheme:dark){:host{${WAYMARK.dark}}}${style}`,
);
root.adoptedStyleSheets = [sheet];

const opener = make("button", { className: "opener", type: "button", textContent: say("open") });
opener.setAttribute("aria-expanded", "false");
opener.setAttribute("aria-haspopup", "dialog");
root.append(opener);

let window_ = null; // made when it is first asked for
let frame = null;
let timer = 0;

function makeWindow() {
  const exit = make("a", { className: "exit govuk-exit-this-page__button", href: WAYMARK.exit_to, textContent: say("exit") });
  exit.setAttribute("role", "button");
  exit.rel = "nofollow noreferrer";
  const leaving = make("div", { className: "leave" }, exit);
  const hide = make("button", { className: "plain", type: "button", textContent: say("close") });
  const state = make("p", { className: "state" });
  state.setAttribute("role", "status");
  const retry = make("button", { className: "plain edged", type: "button", textContent: say("retry"), hidden: true });
  const card = make("div", { className: "card" }, linked(say("card")));
  const cover = make("div", { className: "cover" }, make("div", { className: "head" }, leaving, hide), state, card, retry);
  const dialog = make("dialog", {}, cover);
  dialog.setAttribute("aria-label", WAYMARK.title);
  root.append(dialog);
  hide.addEventListener("click", close);
  retry.addEventListener("click", load);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  new Exit(leaving, strings[language], leave);
  return { dialog, cover, state, retry, exit };
}

function load() {
  frame?.remove();
  frame = make("iframe", { title: WAYMARK.title, src: home.href, referrerPolicy: "no-referrer" });
  frame.className = "loading";
  window_.cover.hidden = window_.retry.hidden = false;
  window_.retry.hidden = true;
  window_.state.textContent = say("loading");
  window_.dialog.append(frame);
  clearTimeout(timer);
  timer = setTimeout(() => {
    window_.state.textContent = say("failed");
    window_.retry.hidden = false;
  }, READY_WITHIN);
}

function open() {
  window_ ??= makeWindow();
  // On a phone it fills the screen: nothing behind it can be reached. Elsewhere the site stays usable.
  if (matchMedia("(max-width: 30rem)").matches) window_.dialog.showModal();
  else window_.dialog.show();
  opener.hidden = true;
  opener.setAttribute("aria-expanded", "true");
  if (frame && window_.cover.hidden) arrive();
  else {
    window_.exit.focus();
    load();
  }
}

function arrive() {
  frame.focus();
  frame.contentWindow.postMessage({ waymark: "opened" }, home.origin);
}

// Only hidden: the talk goes on when it is opened again, and ends with the page.
function close() {
  window_.dialog.close();
  opener.hidden = false;
  opener.setAttribute("aria-expanded", "false");
  opener.focus();
}

function leave() {
  goTo(WAYMARK.exit_to, WAYMARK.title);
}

opener.addEventListener("click", open);

window.addEventListener("message", (event) => {
  if (!frame || event.source !== frame.contentWindow || event.origin !== home.origin) return;
  const said = event.data?.waymark;
  if (said === "ready") {
    clearTimeout(timer);
    window_.cover.hidden = true;
    frame.className = "";
    if (window_.dialog.open) arrive();
  } else if (said === "close") close();
  else if (said === "exit") leave();
});

// "Back" shows the site as it was before the chat was opened.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted || !frame) return;
  frame.remove();
  frame = null;
  if (window_.dialog.open) close();
});

document.body.append(host);
