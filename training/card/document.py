"""What a model card is made of, whatever it is written as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under a header; the caption says what they are."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture.

    Attributes:
        name: unique in the card, an identifier.
        caption: what it shows, printed below.
        alt: what a reader who cannot see it needs to know, with the figures.
        svg: the picture.
    """

    name: str
    caption: str
    alt: str
    svg: str


Block = Text | Points | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A model card: sections in English, and a summary in Portuguese."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    summary_pt: Section
