"""Reads what somebody in the form writes: an answer, a correction, "skip", "stop", or something else altogether."""

from __future__ import annotations

import re

Means = str

LEAD = (
    r"(?:(?:oh|oops|ope|sorry|wait|no|nope|actually|hold on|hang on|um+|uh+|hm+|my bad|ok(?:ay)?|please|pls|and|but|"
    r"can (?:i|we|you)|could (?:i|we|you)|i(?:'d| would)? (?:want|need|like|have|wanna) ?(?:to)?|let me|just)\b"
    r"[\s,.;:-]*)*"
)
"""How people begin when they correct themselves."""

THINGS = {
    "address": r"phone ?numbers?|cell(?: ?phone)?|numbers?|phone|e-?mail(?: address)?|address|digits",
    "name": r"names?",
    "when": r"times?|hours?|days?|time ?zone|schedule",
    "voicemail": r"voice ?mails?|messages?",
    "say_who": r"who (?:you|they) (?:say|are)[\w ]*|clinic(?:'s)? name",
    "note": r"notes?|details?",
    "code_word": r"code ?words?|code|secret word|password",
    "topic": r"topic|subject",
    "means": r"how|way|means|method|text(?: or call)?|call(?: or text)?",
}
"""What a visitor may name as the thing to change."""

_THING = "|".join(f"(?P<{name}>{words})" for name, words in THINGS.items())
_IT_IS = (
    r"(?:that'?s|that is|this is|it'?s|that was|it was|"
    r"i (?:gave|typed|put|wrote|sent)(?: you| in)?|you (?:have|got))"
)
_NOT_RIGHT = r"(?:wrong|incorrect|not right|not correct|not my|not the right|bad|old|off)"

_CORRECTIONS = [
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"{LEAD}{_IT_IS}?\s*(?:(?:the|a|my|an)\s+)?{_NOT_RIGHT}\s+(?:{_THING})\b(?P<rest>.*)",
        rf"{LEAD}(?:change|fix|correct|edit|redo|update|re-?enter|different|another|a new|new)\s+"
        rf"(?:(?:the|my|that|a)\s+)?(?:{_THING})\b(?P<rest>.*)",
        rf"{LEAD}(?:(?:the|my|that)\s+)?(?:{_THING})\s*(?:is|was|'?s|are)\s+{_NOT_RIGHT}\b(?P<rest>.*)",
    )
]

_SLIP = re.compile(
    rf"{LEAD}(?:(?:that'?s|that is|it'?s)\s+)?(?:wrong|not right|incorrect|a? ?typo|a? ?mistake|"
    r"i made a (?:mistake|typo)|i (?:typed|wrote|put) (?:that|it) wrong|go back|back|previous(?: one)?)\W*",
    re.IGNORECASE,
)

_SKIP = re.compile(
    rf"{LEAD}(?:skip(?: (?:this|that|it|this one))?|pass|next(?: one| question)?|(?:i'?d )?rather not(?: say)?|"
    r"prefer not(?: to)?(?: say)?|none|nothing(?: else)?|n/?a|no thanks?(?: you)?|not needed|no need|doesn'?t matter|"
    r"don'?t care|idc|whatever|that'?s (?:all|it)|idk|dunno|not sure|i don'?t know|nope|no|"
    r"(?:i )?(?:don'?t|do not) (?:want to |wanna )?(?:give|say|tell)(?: (?:you|my|a|name|one|that|it|real))*)\W*",
    re.IGNORECASE,
)

_SKIP_REST = re.compile(
    rf"{LEAD}skip (?:the rest|all(?: of (?:it|them|this))?|everything(?: else)?|them all|to the end)\W*|"
    rf"(?:i'?m in a (?:hurry|rush)\W+)?{LEAD}send(?: it)?(?: now)?\W*",
    re.IGNORECASE,
)

_STOP = re.compile(
    rf"{LEAD}(?:stop(?: (?:it|this|the (?:request|form)|asking))?|quit|exit|"
    r"cancel(?: (?:it|this|that|(?:the|my) (?:request|form|callback|call)))?|"
    r"never ?mind|nvm|forget (?:it|about it|this|that)|drop it|abort|"
    r"(?:i )?(?:changed|change) my mind|i don'?t want (?:this|to|it|a call|a callback)(?: any ?more| after all)?|"
    r"do(?:n'?t| not) (?:send(?: (?:it|this|that|anything))?|(?:call|contact)(?: me)? (?:after all|any ?more))|"
    r"(?:let'?s )?(?:not do|don'?t do|end) (?:this|it)|no more questions|leave me alone|(?:good)?bye(?: bye)?|gtg|"
    r"(?:i )?(?:got|gotta|have) (?:to )?go)(?: (?:please|pls|now))?\W*",
    re.IGNORECASE,
)

_GO_ON = re.compile(
    rf"{LEAD}(?:go on|continue|carry on|keep going|go ahead|resume|proceed|ready|"
    r"yes|yeah|yep|yup|sure|ok(?:ay)?|alright|fine|"
    r"let'?s (?:go|continue|go on))(?: (?:please|pls))?\W*",
    re.IGNORECASE,
)

_YES = re.compile(
    r"(?:yes|yeah|yea|yep|yup|ya|sure|ok(?:ay)?|fine|of course|they (?:can|may)|that'?s (?:ok(?:ay)?|fine)|"
    r"it'?s (?:ok(?:ay)?|fine|safe)|i agree|agreed|go ahead|please do|i guess(?: so)?|alright|si|sí|y)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:no|nope|nah|never|don'?t|do not|not|n|please don'?t|better not|rather not|absolutely not|"
    r"they (?:can'?t|cannot|may not|better not))\b",
    re.IGNORECASE,
)

_LIMITED = re.compile(r"\b(?:no|not|never|don'?t|but|unless|only if|except)\b", re.IGNORECASE)

_MEANS = {
    "text": r"text(?:s|ed|ing)?|txt(?:s|ing)?|sms|messages?|messaging|imessage|texto|mensaje",
    "call": r"call(?:s|ed|ing)?|phone(?: calls?)?|ring|telephone|voice|llamadas?|llamar|llamen",
    "email": r"e-?mail(?:s|ed|ing)?|mail|correo",
}
_NEGATED = (
    r"(?:not|n'?t|no|never|without|instead of|rather than|stop)(?:\s+(?:a|an|any|by|to|me|ever|please|through))*"
    r"\s+(?:{})\b"
)
_PLAINLY = re.compile(r"\b(?:only|just|instead|rather|better|safer|prefer)\b", re.IGNORECASE)

_QUESTION = re.compile(
    r"^\W*(?:(?:and|but|so|ok|wait|um+|well|first)[\s,]+)*(?:what(?:'?s)?|how(?:'?s)?|who(?:'?s)?|why|where(?:'?s)?|which|when|"
    r"can (?:you|i|u|we)|could (?:you|i)|do (?:you|i|they)|does|did|is|are|will|would|am i|should)\b|\?\W*$",
    re.IGNORECASE,
)

_WHEN_THEY_CALL = re.compile(
    r"^\W*(?:(?:and|so|ok|but)\W+)*(?:when|how (?:long|soon|fast|quick\w*)|did|have|has|what time|by when)\b.*"
    r"\b(?:they|somebody|someone|clinic|staff|anyone|anybody|people)\b.*"
    r"\b(?:calls?|called|text(?:s|ed)?|e-?mail(?:s|ed)?|answer\w*|repl\w+|respond\w*|contact\w*|get|got|see|seen|reads?|reach\w*)\b",
    re.IGNORECASE,
)

_MINOR = re.compile(
    r"\b(?:i'?m|i am|my age is)\s+(?:only |just |still )?(?:a )?(?:"
    r"(?:[6-9]|1[0-7])(?=\s*(?:$|[.,!?]|and\b|but\b|years?\b|yrs?\b|yo\b|y/o))"
    r"(?!\s*years? (?:in|clean|sober|with|into))|"
    r"minor\b|under ?(?:18|age)\b|not (?:18|an adult)(?: yet)?\b)",
    re.IGNORECASE,
)

_REMARK = re.compile(
    r"\b(?:(?:he|she|they|someone(?: else)?|somebody(?: else)?|my (?:\w+ )?\w+) "
    r"(?:always |sometimes |also |often |usually )?"
    r"(?:answers?|picks? up|checks?|reads?|looks? (?:at|through)|goes through|sees?|has|uses?|watches?|shares?) "
    r"(?:all )?(?:my|our|the) (?:phone|cell|voice ?mails?|texts?|messages|e-?mails?|inbox|calls|number)s?)\b",
    re.IGNORECASE,
)

_NAMED = re.compile(
    r"^\W*(?:(?:you|they|u) can |just |please |pls )*(?:call me|(?:my |the )?name(?:'?s| is)|i'?m called|i go by|"
    r"it'?s|i'?m|i am|use|say)\s+",
    re.IGNORECASE,
)

LONGEST_NAME = 6
"""Words."""


def tidy(text: str) -> str:
    """A message on one line, without marks that mean something in a response."""
    return " ".join(text.replace("{", "(").replace("}", ")").replace("’", "'").split())


def wants_to_stop(text: str) -> bool:
    """Whether a message is nothing but a wish to leave the form."""
    return bool(_STOP.fullmatch(text))


def wants_to_skip(text: str) -> bool:
    """Whether a message passes over a question."""
    return bool(_SKIP.fullmatch(text))


def wants_to_skip_rest(text: str) -> bool:
    """Whether a message passes over all the questions that are left."""
    return bool(_SKIP_REST.fullmatch(text))


def wants_to_go_on(text: str) -> bool:
    """Whether a message takes up the offer to go on."""
    return bool(_GO_ON.fullmatch(text))


def is_question(text: str) -> bool:
    """Whether a message has the shape of a question."""
    return bool(_QUESTION.search(text))


def asks_when(text: str) -> bool:
    """Whether a message asks how soon the clinic answers."""
    return bool(_WHEN_THEY_CALL.search(text))


def is_under_18(text: str) -> bool:
    """Whether the visitor says that they are under 18."""
    return bool(_MINOR.search(text))


def correction(text: str) -> tuple[str, str] | None:
    """What a message wants to change, and what it says beyond that; "" for "the last thing", None for no correction.

    >>> correction("wait wrong number")
    ('address', '')
    """
    for pattern in _CORRECTIONS:
        found = pattern.match(text)
        if found:
            thing = next(name for name in THINGS if found[name])
            return thing, found["rest"].strip(" .,;:!?-")
    return ("", "") if _SLIP.fullmatch(text) else None


def thing_named(text: str) -> str | None:
    """The field that a short answer to "what would you like to change?" names."""
    found = re.search(rf"\b(?:{_THING})\b", text, re.IGNORECASE)
    return next((name for name in THINGS if found[name]), None) if found else None


def yes_or_no(text: str) -> str | None:
    """Read a yes or a no from the first words; None if there is neither, or if a yes is taken back or limited."""
    if _NO.match(text):
        return "no"
    if _YES.match(text):
        return None if _LIMITED.search(text) else "yes"
    said = re.sub(r"^(?:(?:um+|uh+|hm+|well|oh|so|please|pls|i think|i'd say)\W+)+", "", text, flags=re.I)
    return yes_or_no(said) if said != text else None


def means(text: str) -> Means | None:
    """The one way to be reached that a message names, without those it rules out.

    >>> means("text, don't call")
    'text'
    """
    named, ruled_out = _means(text)
    left = named - ruled_out
    return next(iter(left)) if len(left) == 1 else None


def plain_means(text: str) -> Means | None:
    """A way to be reached that is asked for so plainly that nothing needs to be asked again.

    "Can someone call me" says only that someone shall be in touch; "text me, not call" says how.
    """
    found, (_, ruled_out) = means(text), _means(text)
    if found is None:
        return None
    return found if found != "call" or ruled_out or _PLAINLY.search(text) else None


def changed_means(text: str) -> Means | None:
    """The way to be reached that a message asks for in place of another ("text me, never call", "email instead")."""
    found, (_, ruled_out) = means(text), _means(text)
    return found if found and (ruled_out or re.search(r"\binstead\b", text, re.IGNORECASE)) else None


def _means(text: str) -> tuple[set[Means], set[Means]]:
    # "He answers my phone" and "text me at this number" name no way to be reached.
    plain = re.sub(r"\b(?:my|our|the|his|her|their|a) (?:(?:cell|work|home) ?)?phone\b|\bphone number\b", " ", text)
    named = {key for key, words in _MEANS.items() if re.search(rf"\b(?:{words})\b", plain, re.IGNORECASE)}
    ruled_out = {key for key, words in _MEANS.items() if re.search(_NEGATED.format(words), plain, re.IGNORECASE)}
    return named, ruled_out


def remark(text: str) -> str:
    """What an opening message says about the visitor's phone ("he answers my phone"), or ""."""
    found = _REMARK.search(text)
    return found[0] if found else ""


def name(text: str) -> str | None:
    """What to call the visitor, without "my name is"; None if it is too long for a name."""
    said = _NAMED.sub("", text).strip(" .,;:!?\"'")
    fits = words(said) is not None and len(said.split()) <= LONGEST_NAME
    return said if fits else None


def words(text: str) -> str | None:
    """An answer in the visitor's own words; a bare yes or signs alone are none."""
    return text if any(char.isalnum() for char in text) and not wants_to_go_on(text) else None


def decision(text: str) -> str | None:
    """What a message says to the summary: "send" or "change"; a bare no means that something is not right yet."""
    said = text.casefold()
    if re.search(r"\b(?:change|edit|fix|correct)\b", said):
        return "change"
    if re.search(r"\b(?:send|submit|again)\b", said) and not re.search(r"\b(?:not|don'?t|never|no)\b", said):
        return "send"
    return {"yes": "send", "no": "change"}.get(yes_or_no(text) or "")
