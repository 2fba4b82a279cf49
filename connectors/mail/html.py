"""A mail's HTML to look at: nothing in it runs, loads by itself, covers the page or names our own elements."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

import nh3
from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser

from connectors.mail.html_lines import too_complex, without_tags

REMOTE = "data-remote-src"
"""Where the address of a picture stands that is loaded only when somebody asks for it."""

_TAGS = frozenset(
    [
        "a",
        "abbr",
        "address",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_ANYWHERE = {"dir", "lang", "title", "align", "valign", "style"}
_ATTRIBUTES = {
    "*": _ANYWHERE,
    "a": {"href"},
    "img": {"src", REMOTE, "alt", "width", "height"},
    "td": {"colspan", "rowspan", "width", "height", "bgcolor", "nowrap"},
    "th": {"colspan", "rowspan", "width", "height", "bgcolor", "nowrap"},
    "table": {"border", "cellpadding", "cellspacing", "width", "bgcolor"},
    "tr": {"bgcolor"},
    "col": {"span", "width"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "font": {"color", "face", "size"},
}
_STYLES = frozenset(
    ("color", "background-color", "font-family", "font-size", "font-style", "font-weight", "text-align",
     "text-decoration", "text-indent", "line-height", "vertical-align", "white-space", "list-style-type",
     "direction", "padding", "padding-left", "padding-right", "padding-top", "padding-bottom", "border",
     "border-left", "border-right", "border-top", "border-bottom", "border-color", "border-style",
     "border-width", "border-collapse", "border-spacing", "border-radius", "width", "max-width")
)  # fmt: skip
_VALUE = re.compile(r"[\w\s#%.,'\"()+/!-]{1,200}", re.ASCII)
_NOT_IN_VALUE = re.compile(r"url|expression|image|attr|var|calc|env|\d{5}", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|jpg|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]{1,2000000}", re.IGNORECASE)


class Shown(Struct, frozen=True):
    """HTML that may be put into a page; `blocked`: so many pictures wait to be asked for."""

    html: str
    blocked: int = 0


def sanitised(markup: str, pictures: Mapping[str, str] | None = None) -> Shown:
    """`markup` without what could do harm. `pictures`: our own addresses by the Content-ID of the mail's pictures.

    What is too large or too twisted is shown as text.
    """
    if too_complex(markup):
        return Shown("<pre>" + escape(without_tags(markup)) + "</pre>")
    own = dict(pictures or {})
    blocked = 0
    parser = LexborHTMLParser(markup)
    for image in parser.css("img"):
        source = (image.attributes.get("src") or "").strip()
        for name in ("src", "srcset", REMOTE):
            if name in image.attributes:
                del image.attrs[name]
        if source.lower().startswith("cid:"):
            known = own.get(source[4:].strip("<> "))
            if known:
                image.attrs["src"] = known
        elif _PICTURE.fullmatch(source):
            image.attrs["src"] = source
        elif re.match(r"(?:https?:)?//", source, re.IGNORECASE):
            image.attrs[REMOTE] = source
            blocked += 1
    return Shown(_cleaned(parser.html or "", frozenset(own.values())), blocked)


def _cleaned(markup: str, own: frozenset[str]) -> str:
    def allowed(tag: str, name: str, value: str) -> str | None:
        if name == "style":
            return _style(value)
        if name == "src":
            return value if value in own or _PICTURE.fullmatch(value) else None
        if name == "href":
            return value if re.match(r"(?:https?|mailto|tel):", value.strip(), re.IGNORECASE) else None
        if name in ("width", "height"):
            return value if re.fullmatch(r"\d{1,4}%?", value) else None
        return value

    return nh3.clean(
        markup,
        tags=set(_TAGS),
        clean_content_tags={
            "script",
            "style",
            "title",
            "template",
            "noscript",
            "textarea",
            "select",
            "svg",
            "math",
            "object",
        },
        attributes=_ATTRIBUTES,
        attribute_filter=allowed,
        url_schemes={"http", "https", "mailto", "tel", "data"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={
            "a": {"target": "_blank"},
            "img": {"loading": "lazy", "referrerpolicy": "no-referrer"},
        },
        strip_comments=True,
    )


def _style(value: str) -> str | None:
    """The declarations that only colour and space; one that may load or cover is left out."""
    kept = []
    for declaration in value[:5000].split(";"):
        name, _, content = (part.strip() for part in declaration.partition(":"))
        if (
            name.lower() in _STYLES
            and _VALUE.fullmatch(content)
            and not _NOT_IN_VALUE.search(content)
            and "-" not in _signs(content)
        ):
            kept.append(f"{name.lower()}:{content}")
    return ";".join(kept) or None


def _signs(content: str) -> str:
    """What stands before numbers: a negative length moves text over other text."""
    return "".join(re.findall(r"(?:^|[\s(,])(-)(?=[\d.])", content))
