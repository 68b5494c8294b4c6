"""What is known in Chinese of a single English word: a verb, a term, a name; and which words may stay. Pure.

Engineers who write Chinese leave the nouns of their trade in English: 修复 webp decoder 的溢出. So a word
that the catalogue does not list may stay where it can only be a noun; what may be a verb, an adverb or an
adjective changes what a sentence says, and is never left.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

from digest_pipeline.rules import vocabulary
from digest_pipeline.rules.catalogue import labels
from digest_pipeline.rules.vocabulary import words

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGE = "zh"
QUOTE, BLANK = "\ue000", "\ue001"
"""Stand for a backtick and for a blank between two, while a subject is read."""
_COMPOUND = re.compile(
    r"(?:non|over|re|un|sub|double|half|full|well|self|one|two|cross|high|low|per|first|last|long|short|mis|out|in|off|on"
    r"|early|late|fine|hard|soft|left|right|so|up|down|user|real|read|write|follow|opt)-[a-z]+(?:-[a-z]+)*$"
)
"""Words of everyday language with a hyphen, which are no names."""
_NO_NOUNS = words(
    "a an the this that these those some any all no every each either neither both few many much more "
    "most less least several such own same other another one ones i you he she it we they me him her us "
    "them my your his its our their mine ours who whom whose which what how why when where while until "
    "unless because although though whether once if so nor but and or yet not never also too very quite "
    "rather only just even still already again always often sometimes now later soon earlier here there "
    "everywhere elsewhere anywhere anymore twice well instead otherwise however thus hence therefore "
    "ever else maybe perhaps please together forward back away apart ahead aside in on at by for from "
    "to of off out over under up down into onto upon with within without through throughout across "
    "against between among around about above below behind beside beneath beyond near after before "
    "since till during per via as like unlike than then toward towards despite except along alongside "
    "inside outside are was were be been being is am do does did done has have had having can could may "
    "might must shall should will would cannot ought get got gets gotten let lets put puts took taken "
    "made gave given kept become becomes came goes went gone saw seen said knew known wrote written "
    "found lost sent held broke broken chose chosen shown ran seem seems mean means happen happens "
    "behave behaves occur occurs exist exists depend depends contain contains sure able unable due "
    "ready wrong correct right actual fake certain stuck racy future next faster slower clearer better "
    "worse best worst whole entire double triple common rare weird dumb dead bare mere prior alive "
    "opaque dense sparse slim proper deep shallow wide narrow stale fresh raw blind white black red "
    "green blue rid extreme inert bigger smaller larger longer shorter higher lower cheap quick tiny "
    "huge big small long short high low hot cold warm clean dirty empty loose strict tight weak strong "
    "soft hard thin thick heavy light early late free busy idle odd flat sharp smooth rough solid vague "
    "clear obvious robust secure stable mature naive lazy eager greedy verbose terse concise precise "
    "demand vs versus"
)
"""Words of grammar, forms of verbs and adjectives whose endings do not tell what they are."""
_ENDS_NOUNS = re.compile(r"(?:ness|[ts]ion|ment|ity|ship|[ae]nce)s?$")
_NO_NOUN = re.compile(
    r"(?:ly|ed|ing|able|ible|ous|ful|less|ish|est|n't|ize|ise|ify|ive|ic|al|ary|ier|ant|ent|\w{3}ate)$|-|^(?:un|non|ir|im)\w"
)


def verb_of(word: str) -> str | None:
    """The verb of the catalogue that a word is a form of, or means the same as; None for another word."""
    plain, known = word.lower().strip(",:;"), labels(LANGUAGE)
    forms = [plain, *vocabulary.forms(plain)]
    forms += [plain[:-1]] * plain.endswith("s") + [plain[:-2]] * plain.endswith("es")
    for form in forms:
        verb = known.get(f"verb_as.{form}", form)
        if f"verb.{verb}" in known:
            return verb
    return None


def meaning(text: str) -> str | None:
    """What a word, or several, mean by the list of terms, in their plural too; None where it has them not."""
    terms = _terms()
    text = text.lower() if " " in text else text  # one word with a capital is a name
    singular = re.sub(r"(?<=\w{2})(?:(?<=s|x|z)es|(?<=[cs]h)es|s)$", "", re.sub(r"(?<=\w{2})ies$", "y", text))
    return terms.get(text) or terms.get(singular) or (terms.get(text[:-1]) if text.endswith("es") else None)


def in_terms(text: str) -> bool:
    """Whether a word, or several, stand in the list of terms, in their plural too."""
    return meaning(text) is not None


def is_name(word: str) -> bool:
    """Identifiers, paths, versions, acronyms, words with a capital: what is written the same everywhere."""
    bare = word.strip(",")
    if bare.startswith(QUOTE) or bare.endswith(QUOTE):
        return True
    if _COMPOUND.match(bare):
        return False
    return bool(re.fullmatch(r"[\w./:@#+*<>\[\](){}=&~%!-]{1,60}", bare)) and bool(
        re.search(r"[A-Z0-9_./:@]|\w-\w|\(\)", bare)
    )


def may_stay(word: str, *, is_last: bool) -> bool:
    """Whether a word that is not listed can only be a noun; before another one only in the singular."""
    if re.fullmatch(r"[a-z]{3,24}", word) is None or word in _NO_NOUNS:
        return False
    if _NO_NOUN.search(word) and not _ENDS_NOUNS.search(word):
        return False
    is_plural = word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return verb_of(word) is None and (is_last or not is_plural)


@functools.cache
def _terms() -> Mapping[str, str]:
    return {
        k.removeprefix("term.").replace("_", " "): v
        for k, v in labels(LANGUAGE).items()
        if k.startswith("term.")
    }
