// Leaving fast: govuk-frontend's exit-this-page, with other manners.
//
// As it comes, it shows an overlay and goes to `location.href`: the page, with all that was said, stays in the history
// and comes back with Back. Here the page is emptied first, and its place in the history is taken.

import { ExitThisPage } from "govuk-frontend/dist/govuk/components/exit-this-page/exit-this-page.mjs";

export class Exit extends ExitThisPage {
  /**
   * @param {HTMLElement} root holds the link that leads away
   * @param {object} words `exit_twice`, `exit_once`, `exit_over`: what a screen reader says
   * @param {() => void} leave empties the page and goes
   */
  constructor(root, words, leave) {
    super(root, {
      i18n: { pressTwoMoreTimes: words.exit_twice, pressOneMoreTime: words.exit_once, timedOut: words.exit_over },
    });
    this.leave = leave;
    // A link that looks like a button has to work like one.
    this.$button.addEventListener("keydown", (event) => {
      if (event.key !== " ") return;
      event.preventDefault();
      this.exitPage();
    });
  }

  // The page of a clinic does not carry the class that tells where govuk-frontend runs.
  static checkSupport() {}

  exitPage() {
    this.leave();
  }
}

/** Empties the window and puts another page in its place, so that Back does not lead here. */
export function goTo(address, title) {
  document.body.replaceChildren();
  document.title = title;
  location.replace(address);
}
