"""The colours of every chart, mark and message: the one declaration.

Okabe and Ito, Color Universal Design (2008): eight colours that people with any form of colour
blindness tell apart. Grey stands for what is not spoken of. Each is seen on white and on the dark
background, 3 : 1 or more (WCAG 2.2, 1.4.11), but for ORANGE, SKY and YELLOW on white, which are
never the only mark of anything.
"""

from __future__ import annotations

ORANGE, SKY, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, RED, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#7F8790"

LINES = (BLUE, GREEN, RED, PURPLE, GREY)
"""Lines and groups of one chart, in this order."""


def pale(colour: str, share: float = 0.15) -> str:
    """The colour as a see-through area.

    >>> pale("#009E73")
    'rgba(0, 158, 115, 0.15)'
    """
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {share})"
