// Numbers and addresses in a reply become links to call, to text, to open.

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

/**
 * A text with its numbers and addresses as links. Everything goes in as text, never as markup.
 *
 * @param {string} text what a reply says
 * @param {string} newTab what a screen reader says after a link that opens a new tab
 * @returns {DocumentFragment}
 */
export function linked(text, newTab = "") {
  const parts = document.createDocumentFragment();
  let done = 0;
  for (const { start, words, href, label } of linksIn(text)) {
    const anchor = Object.assign(document.createElement("a"), { href, textContent: words });
    if (label) anchor.setAttribute("aria-label", label);
    if (href.startsWith("https:")) {
      Object.assign(anchor, { target: "_blank", rel: "noopener noreferrer" });
      if (newTab) anchor.append(unseen(newTab));
    }
    parts.append(text.slice(done, start), anchor);
    done = start + words.length;
  }
  parts.append(text.slice(done));
  return parts;
}

/** Words for screen readers only. */
export function unseen(words) {
  return Object.assign(document.createElement("span"), { className: "unseen", textContent: words });
}
