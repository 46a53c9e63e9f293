"""What to say and to offer where a text names no place, or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from geoclip_core.places.gazetteer import Gazetteer
from geoclip_core.places.names import Token, join
from geoclip_core.places.words import kind_words, words_of
from geoclip_core.text import settings
from geoclip_core.text.reading import Alternative


def explain_nothing(tokens: Sequence[Token], meant: Mapping[int, str]) -> str:
    """One sentence for a text without a place: what was understood, and what would help.

    Args:
        tokens: The text.
        meant: What tokens mean instead of a place; see :func:`geoclip_core.text.figurative.figurative`.
    """
    if meant:
        what = "; ".join(dict.fromkeys(meant.values()))
        return f"{what}, not a place that can be found; add a city or country."
    telling = [t.original for t in tokens if t.text not in kind_words() or t.text not in words_of("function")]
    words = ", ".join(f"“{_short(word)}”" for word in list(dict.fromkeys(telling))[: settings.MOST_QUOTED])
    if not words:
        return "It holds no name, landscape or language that the gazetteer knows; add a city or country."
    says = "says" if len(set(telling)) == 1 else "say"
    return f"{words} {says} nothing about a place that the gazetteer knows; add a city or country."


def _short(word: str) -> str:
    return word if len(word) <= settings.LONGEST_QUOTED_WORD else f"{word[: settings.LONGEST_QUOTED_WORD]}…"


def similar_names(tokens: Sequence[Token], gazetteer: Gazetteer) -> tuple[str, ...]:
    """Labels of well-known places that are spelt somewhat like the words, nearest first."""
    found: dict[str, float] = {}
    pieces = [tokens, *([token] for token in tokens)] if len(tokens) > 1 else [tokens]
    for piece in pieces[: settings.MOST_GUESSED]:
        key = join([token.text for token in piece])
        if len(piece) == 1 and (key in kind_words() or key in words_of("ordinary")):
            continue
        for name, similarity in gazetteer.index.similar(key, limit=2, lowest=settings.LOWEST_GUESS):
            rows = [p.place for p in gazetteer.index.exact(name) if gazetteer.fame[p.place] >= settings.FUZZY_FAME]
            if rows:
                best = max(rows, key=lambda row: float(gazetteer.fame[row]))
                label = gazetteer.label(gazetteer.place(best))
                found[label] = max(found.get(label, 0.0), similarity)
    return tuple(sorted(found, key=lambda label: -found[label])[: settings.MOST_SUGGESTED])


def other_readings(alternatives: Sequence[Alternative], gazetteer: Gazetteer) -> tuple[str, ...]:
    """Labels of the places that a text may mean besides the likeliest."""
    listed = [a for a in alternatives[1:] if a.weight >= settings.LEAST_EXPLAINED]
    labels = dict.fromkeys(gazetteer.label(a.place) for a in listed)
    return tuple(labels)[: settings.MOST_SUGGESTED]
