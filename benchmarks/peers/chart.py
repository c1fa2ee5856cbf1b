"""How do the figures look side by side: bars, as SVG that shows well on light and on dark pages?"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

_WIDTH, _MARGIN = 760, 16
_LABELS, _FIGURES = 210, 70
_BAR, _GAP = 18, 6
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-size: 16px; font-weight: 600 } .panel { font-weight: 600 } .foot { font-size: 11px; fill: #57606a }
.bar { fill: #8c959f } .ours { fill: #0969da } .page { fill: #ffffff }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .foot { fill: #9198a1 } .bar { fill: #6e7681 } .ours { fill: #4493f8 } .page { fill: #0d1117 }
}
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure."""

    label: str
    value: float
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Figures that share a scale."""

    title: str
    bars: Sequence[Bar]


def drawn(title: str, panels: Sequence[Panel], foot: str) -> str:
    """The picture as the text of an SVG file."""
    height = 60 + sum(34 + len(one.bars) * (_BAR + _GAP) + 14 for one in panels) + 20
    picture = Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_WIDTH} {height}",
        width=str(_WIDTH),
        height=str(height),
        role="img",
    )
    SubElement(picture, "title").text = title
    SubElement(picture, "style").text = _STYLE
    SubElement(picture, "rect", {"class": "page", "width": str(_WIDTH), "height": str(height)})
    _text(picture, _MARGIN, 30, title, "title")
    top = 60
    for panel in panels:
        top = _panel(picture, panel, top)
    _text(picture, _MARGIN, height - 14, foot, "foot")
    indent(picture)
    return tostring(picture, encoding="unicode") + "\n"


def _panel(picture: Element, panel: Panel, top: int) -> int:
    """Draws a panel and answers where the next one begins."""
    _text(picture, _MARGIN, top + 10, panel.title, "panel")
    top += 24
    largest = max((one.value for one in panel.bars), default=0.0) or 1.0
    room = _WIDTH - 2 * _MARGIN - _LABELS - _FIGURES
    left = _MARGIN + _LABELS
    for one in panel.bars:
        width = max(1, round(one.value / largest * room))
        middle = top + _BAR - 4
        _text(picture, left - 8, middle, one.label, anchor="end")
        kind = "bar ours" if one.is_ours else "bar"
        place = {"x": str(left), "y": str(top), "width": str(width), "height": str(_BAR), "rx": "2"}
        SubElement(picture, "rect", {"class": kind, **place})
        _text(picture, left + width + 6, middle, f"{one.value:,.0f}" if one.value >= 100 else f"{one.value:.1f}")
        top += _BAR + _GAP
    return top + 24


def _text(picture: Element, x: int, y: int, words: str, kind: str = "", anchor: str = "start") -> None:
    attributes = {"x": str(x), "y": str(y), "text-anchor": anchor} | ({"class": kind} if kind else {})
    SubElement(picture, "text", attributes).text = words
