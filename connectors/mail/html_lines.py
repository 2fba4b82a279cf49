"""The lines of an HTML text. What the mail programs say by classes and ids about quotations and signatures is kept."""

from __future__ import annotations

import html
import re

from msgspec import Struct
from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.mail.lines import MAX_LINES, Line, Mark, unsigned

MAX_HTML = 2_000_000
_MAX_NESTING = 400
_MAX_WORK = 4_000_000

_SKIPPED = frozenset(("head", "style", "script", "title", "template", "noscript", "svg", "math", "object", "select"))
_BLOCKS = frozenset(
    ["address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "figure",
     "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "p",
     "pre", "section", "table", "tbody", "tfoot", "thead", "tr", "ul", "caption", "includetail"]
)  # fmt: skip
_SPACED = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "p"))

_QUOTE_CLASSES = re.compile(
    r"(?:^|\s)(?:\w*yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra|\w*mailmaster-quote"
    r"|__aliyun_previous_root|iosymail|moz-email-quote)(?:\s|$)"
)
_QUOTE_IDS = frozenset(
    ("isReplyContent", "origbody", "reply139content", "oriMsgHtmlSeperator", "mail-editor-reference-message-container",
     "OLK_SRC_BODY_SECTION")
)  # fmt: skip
_TAILS = frozenset(("divRplyFwdMsg", "appendonsend", "stopSpelling", "replySplit"))
_ATTRIBUTION_CLASSES = re.compile(r"(?:^|\s)(?:gmail_attr|moz-cite-prefix)(?:\s|$)")
_SIGNATURE_CLASSES = re.compile(
    r"(?:^|\s)(?:gmail_signature|gmail_signature_prefix|moz-signature|protonmail_signature_block"
    r"|__aliyun_signature_wrap|zmail_signature|x?m?_?mail_signature)(?:\s|$)"
)
_SIGNATURE_IDS = frozenset(
    ("Signature", "x_Signature", "ms-outlook-mobile-signature", "AppleMailSignature", "composer_signature",
     "lineBreakAtBeginningOfSignature", "lineBreakAtBeginningOfMessage_signature", "ntes-pcmac-signature",
     "ymail_android_signature")
)  # fmt: skip
_SHORT = re.compile(r"(?:^|[\s;])width\s*:\s*[12]?\d{1,2}(?:px)?\s*(?:;|$)", re.IGNORECASE)
"""A rule of a few centimetres stands above signatures; one across the page may mean anything."""
_RULED = re.compile(r"border-top(?:-style)?\s*:[^;]{0,40}solid", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)


class _State(Struct, frozen=True):
    depth: int = 0
    weak: bool = False
    mark: Mark = ""
    pre: bool = False


class _Writer:
    """Puts text together to lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._text: list[str] = []
        self._state = _State()
        self.tail = 0

    def write(self, text: str, state: _State) -> None:
        if self._text and state != self._state and (state.depth, state.mark) != (self._state.depth, self._state.mark):
            self.end()
        self._state = state
        if not state.pre:
            text = _SPACE.sub(" ", text)
            if text.startswith(" ") and (not self._text or self._text[-1].endswith((" ", "\t"))):
                text = text[1:]
            if text:
                self._text.append(text)
            return
        *whole, rest = text.split("\n")
        for line in whole:
            self._text.append(line)
            self.newline(state)
        if rest:
            self._text.append(rest)

    def newline(self, state: _State) -> None:
        """Ends the line, an empty one too."""
        text = "".join(self._text).replace("\xa0", " ").rstrip()
        self._text = []
        depth = min(50, state.depth + self.tail)
        signs, text = unsigned(text) if not depth else ("", text)
        weak = state.weak and not self.tail
        self.lines.append(
            Line(text, depth or min(50, signs.count(">")), weak, bool(depth) and not weak, state.mark, signs)
        )

    def end(self) -> None:
        """Ends the line if anything stands in it."""
        if any(part.strip(" \t\n") for part in self._text):
            self.newline(self._state)
        self._text = []

    def space(self, state: _State) -> None:
        """An empty line, unless there is one."""
        self.end()
        if self.lines and not self.lines[-1].blank:
            self.newline(state)


_SPACE = re.compile(r"[ \t\n\r\f]+")


def from_html(markup: str) -> list[Line] | None:
    """The lines of an HTML text; None where it is too large or too twisted to be read in bounded time."""
    if too_complex(markup):
        return None
    writer = _Writer()
    entered: list[tuple[LexborNode, _State]] = []  # what is open, and the state outside of it
    node, state = LexborHTMLParser(markup).root, _State()
    while node is not None and len(writer.lines) < MAX_LINES:
        inside = _enter(writer, node, state)
        child = node.first_child if inside is not None else None
        if inside is not None and child is not None:
            entered.append((node, state))
            node, state = child, inside
            continue
        _leave(writer, node)
        following = node.next
        while following is None and entered:
            node, state = entered.pop()
            _leave(writer, node)
            following = node.next
        node = following
    writer.end()
    return writer.lines


def _enter(writer: _Writer, node: LexborNode, state: _State) -> _State | None:
    """Writes what a node begins with; the state in which its children are written, None where they are not."""
    tag = node.tag or ""
    if tag == "-text":
        writer.write(node.text_content or "", state)
        return None
    if tag in _SKIPPED or tag.startswith(("-", "!", "_")):
        return state if tag == "-document" else None
    if tag == "br":
        writer.write("", state)
        writer.newline(state)
        return None
    attributes = node.attributes
    if "hidden" in attributes or _HIDDEN.search(attributes.get("style") or ""):
        return None
    state = _role(writer, node, attributes, state)
    if tag == "img":
        alt = attributes.get("data-emoji") or attributes.get("alt") or ""
        if 0 < len(alt) <= 3 and not alt.isascii():
            writer.write(alt, state)
        return None
    if tag in _BLOCKS:
        writer.end()
        if (tag in _SPACED and "mso" not in (attributes.get("class") or "").lower() and tag != "p") or (
            tag == "p" and _margins(attributes)
        ):
            writer.space(state)
        if tag == "hr":
            short = _SHORT.search(f"width:{attributes.get('width') or ''};{attributes.get('style') or ''}")
            depth = state.depth + writer.tail
            writer.lines.append(Line("", depth, state.weak, bool(depth) and not state.weak, "rule" if short else ""))
        elif tag == "li":
            writer.write("- ", state)
    elif tag in ("td", "th") and node.prev is not None:
        writer.write("\t", _State(state.depth, state.weak, state.mark, True))
    return _State(state.depth, state.weak, state.mark, True) if tag == "pre" else state


def _leave(writer: _Writer, node: LexborNode) -> None:
    tag = node.tag or ""
    if tag in _BLOCKS:
        writer.end()
        if tag in _SPACED and _margins(node.attributes):
            writer.space(_State())


def _margins(attributes: dict[str, str | None]) -> bool:
    """Whether a paragraph has space around it; Outlook's have none."""
    style = (attributes.get("style") or "").replace(" ", "").lower()
    return "mso" not in (attributes.get("class") or "").lower() and not re.search(r"margin(?:-top|-bottom)?:0", style)


def _role(writer: _Writer, node: LexborNode, attributes: dict[str, str | None], state: _State) -> _State:
    """What an element says about what stands in it."""
    tag, classes, name = node.tag, attributes.get("class") or "", attributes.get("id") or ""
    if name.removeprefix("x_") in _TAILS:
        writer.end()
        writer.tail = 1
    elif name in _QUOTE_IDS or _QUOTE_CLASSES.search(classes):
        return _State(state.depth + 1, False, state.mark, state.pre)
    elif tag == "div" and "gmail_quote" in classes.split() and node.css_first("blockquote") is None:
        return _State(state.depth + 1, False, state.mark, state.pre)  # with one in it, answers may stand in between
    elif tag == "blockquote":
        sure = (attributes.get("type") or "").lower() == "cite" or "gmail_quote" in classes
        return _State(state.depth + 1, (state.weak or not state.depth) and not sure, state.mark, state.pre)
    elif _ATTRIBUTION_CLASSES.search(classes):
        return _State(state.depth, state.weak, "attribution", state.pre)
    elif name in _SIGNATURE_IDS or _SIGNATURE_CLASSES.search(classes):
        return _State(state.depth, state.weak, "signature", state.pre)
    elif tag == "div" and not state.mark and _RULED.search(attributes.get("style") or ""):
        return _State(state.depth, state.weak, "ruled", state.pre)
    return state


# Bounds -----------------------------------------------------------------------------------------------------------

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})")
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "o:p",
    ]
)


def too_complex(markup: str) -> bool:
    """Whether a parser's time would grow with the square of the size: hostile nesting, or a text beyond all measure."""
    if len(markup) > MAX_HTML:
        return True
    open_tags: dict[str, int] = {}
    nesting = deepest = count = 0
    for match in _TAG.finditer(markup):
        name = match[2].lower()
        count += 1
        if name in _VOID:
            continue
        if not match[1]:
            open_tags[name] = open_tags.get(name, 0) + 1
            nesting += name not in ("p", "li", "td", "tr", "th")  # closed by the next one
        elif open_tags.get(name):
            open_tags[name] -= 1
            nesting -= name not in ("p", "li", "td", "tr", "th")
        deepest = max(deepest, nesting)
    return deepest > _MAX_NESTING or deepest * count > _MAX_WORK


_BREAKS = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d)\b[^<>]{0,500}>", re.IGNORECASE)
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_UNSHOWN = re.compile(r"<(/?)(style|script|head)\b", re.IGNORECASE)


def without_tags(markup: str) -> str:
    """The text of HTML that is `too_complex`, roughly."""
    kept, at, within = [], 0, ""
    markup = markup[:MAX_HTML]
    for match in _UNSHOWN.finditer(markup):
        name = match[2].lower()
        if not within and not match[1]:
            kept.append(markup[at : match.start()])
            within = name
        elif within == name and match[1]:
            at, within = match.start(), ""
    if not within:
        kept.append(markup[at:])
    text = html.unescape(_TAGS.sub("", _BREAKS.sub("\n", "".join(kept)))).replace("\xa0", " ")
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))
