// What the page says, in the visitor's language, and what the server wrote into the page.

import { page as strings } from "../strings.json";

export const config = JSON.parse(document.getElementById("config").textContent);
let language = config.language;

/** One string with the clinic's names and numbers filled in. */
export function say(name) {
  return strings[language][name].replace(/\{(\w+)\}/g, (whole, key) => config.words[language][key] ?? whole);
}

export function spoken() {
  return language;
}

/** Changes to the other language: every element that names a string says it anew. */
export function changeLanguage() {
  language = language === "en" ? "es" : "en";
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = say(each.dataset.text);
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", say(each.dataset.label));
  for (const each of document.querySelectorAll("[data-placeholder]")) each.placeholder = say(each.dataset.placeholder);
}
