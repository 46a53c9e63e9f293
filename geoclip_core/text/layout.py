"""Where the names of a text stand to each other: behind a comma, at the end of a segment, before a street."""

from __future__ import annotations

from collections.abc import Sequence

from geoclip_core.places.names import Token
from geoclip_core.places.words import words_of
from geoclip_core.text import settings
from geoclip_core.text.spans import Span


def follows(tokens: Sequence[Token], span: Span, other: Span) -> bool:
    """Whether the text reads "span, other", or "span other" up to the end of the segment."""
    gap = tokens[other.start].segment - tokens[span.stop - 1].segment
    ends = other.stop == len(tokens) or tokens[other.stop].segment != tokens[other.stop - 1].segment
    begins = tokens[other.start - 1].segment != tokens[other.start].segment
    return other.start >= span.stop and ends and (begins if gap else other.start == span.stop)


def is_qualified_by(tokens: Sequence[Token], span: Span, other: Span) -> bool:
    """Whether the text reads "span, other", or is "span other" as a whole."""
    if other.start != span.stop or (other.length == 1 and not qualifies(tokens, other)):
        return False
    comma = tokens[other.start].segment != tokens[span.stop - 1].segment
    whole = span.start == 0 and other.stop == len(tokens)
    few = tokens[-1].segment < settings.SEGMENTS_OF_A_LIST - 1
    return whole or (comma and qualifies(tokens, other) and few)


def names_a_street(tokens: Sequence[Token], span: Span) -> bool:
    """Whether a word for a street follows."""
    return span.stop < len(tokens) and tokens[span.stop].text in words_of("street")


def qualifies(tokens: Sequence[Token], span: Span) -> bool:
    """Whether a name stands at the end of a segment behind other words, as "GA" does in "Atlanta, GA, USA"."""
    return span.start > 0 and (span.stop == len(tokens) or tokens[span.stop].segment != tokens[span.stop - 1].segment)


def crosses(tokens: Sequence[Token], span: Span) -> bool:
    """Whether a comma stands inside: "Córdoba, Argentina" is better read as a name and its country."""
    return tokens[span.start].segment != tokens[span.stop - 1].segment


def starts_segment(tokens: Sequence[Token], i: int) -> bool:
    """Whether a token is the first of its segment."""
    return i == 0 or tokens[i - 1].segment != tokens[i].segment
