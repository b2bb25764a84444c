// The line to the server: one session, held in this object alone and gone with the page.

const OPENING_WITHIN = 8_000; // milliseconds
const ANSWER_WITHIN = 20_000;

/** Why no answer came, with words for the visitor if the server sent some. */
export class Trouble extends Error {
  constructor(kind, text = "") {
    super(kind);
    this.kind = kind;
    this.text = text;
  }
}

export class Line {
  #session = "";
  #after = 0;
  #request = null;

  /** Whether a person has the talk: their replies come later, and a message may get no answer at once. */
  hasPerson = false;

  get isOpen() {
    return Boolean(this.#session);
  }

  /** Opens a session; gives the replies of the opening. */
  async start(language) {
    this.#after = 0;
    return this.#take(await this.#post("start", { language }, OPENING_WITHIN));
  }

  /** Sends words or a choice; the same `id` gets the same answer, however often it is sent. */
  async say(message, language) {
    return this.#take(await this.#post("say", { session: this.#session, language, ...message }, ANSWER_WITHIN));
  }

  /** Replies that came since the last look: a person's, or a late one. */
  async later() {
    const answer = await this.#post("later", { session: this.#session, after: this.#after }, ANSWER_WITHIN, null);
    this.#after = answer.after;
    this.hasPerson = answer.person === true;
    return worded(answer.replies);
  }

  async delete(language) {
    await this.#post("delete", { session: this.#session, language }, ANSWER_WITHIN);
    this.#session = "";
  }

  /** Ends the session without waiting, for a page that is being left. */
  end() {
    this.#request?.abort();
    if (this.#session) navigator.sendBeacon("talk/end", JSON.stringify({ session: this.#session }));
    this.#session = "";
  }

  forget() {
    this.#session = "";
  }

  /** A name for a message that no other has. */
  static newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  #take(answer) {
    const replies = worded(answer.replies);
    if (!answer.session || !(replies.length || answer.passed_on === true)) throw new Trouble("empty");
    this.#session = answer.session;
    this.hasPerson = answer.person === true;
    return replies;
  }

  async #post(path, body, within, controller = new AbortController()) {
    if (controller) this.#request = controller;
    const signal = (controller ??= new AbortController()).signal;
    const timer = setTimeout(() => controller.abort(), within);
    let status = 0;
    let answer = {};
    try {
      const response = await fetch(`talk/${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
        signal,
      });
      status = response.status;
      answer = await response.json();
    } catch {
      throw new Trouble("unreachable");
    } finally {
      clearTimeout(timer);
    }
    if (status === 200 && answer && typeof answer === "object") return answer;
    const [kind, text] = [answer?.error, answer?.text].map((part) => (typeof part === "string" ? part : ""));
    throw new Trouble(kind || "failed", text);
  }
}

function worded(replies) {
  if (!Array.isArray(replies)) return [];
  return replies.filter((reply) => typeof reply?.text === "string" && reply.text.trim());
}
