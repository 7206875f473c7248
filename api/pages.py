"""Problem pages as HTML: the few marks that our own pages use, everything else escaped."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "code,pre{font-family:ui-monospace,monospace;background:#f3f3f3;border-radius:3px;padding:.1em .3em}"
    "pre{padding:.8em;overflow:auto}h1{font-size:1.5rem}h2{font-size:1.15rem}"
)
_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_LINK = re.compile(r"\[([^\]]+)\]\((/[A-Za-z0-9/_.#-]*|[a-z0-9-]+)\)")


def problem_page(markdown: str) -> str:
    """Return the HTML page of one problem; its title is the first heading."""
    title = markdown.lstrip().splitlines()[0].lstrip("# ")
    return _page(title, "".join(_blocks(markdown.splitlines())))


def index_page(titles: Mapping[str, str]) -> str:
    """Return the list of all problem codes with their titles."""
    rows = "".join(
        f'<li><a href="/problems/{html.escape(code)}"><code>{html.escape(code)}</code></a> {html.escape(title)}</li>'
        for code, title in titles.items()
    )
    return _page("Problems", f"<h1>Problems</h1><ul>{rows}</ul>")


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>{body}</body></html>\n'
    )


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """Turn headings, lists, fenced code and paragraphs into HTML."""
    open_list, fence, paragraph = False, False, list[str]()
    for line in [*lines, ""]:
        if line.startswith("```"):
            fence = not fence
            yield "<pre>" if fence else "</pre>"
            continue
        if fence:
            yield html.escape(line) + "\n"
            continue
        item, heading = line.startswith("- "), line.startswith("#")
        if paragraph and (item or heading or not line.strip()):
            yield f"<p>{_inline(' '.join(paragraph))}</p>"
            paragraph = []
        if open_list and not item:
            yield "</ul>"
            open_list = False
        if item:
            yield f"{'' if open_list else '<ul>'}<li>{_inline(line[2:])}</li>"
            open_list = True
        elif heading:
            level = min(len(line) - len(line.lstrip("#")), 3)
            yield f"<h{level}>{_inline(line.lstrip('# '))}</h{level}>"
        elif line.strip():
            paragraph.append(line.strip())


def _inline(text: str) -> str:
    escaped = html.escape(text)
    escaped = _CODE.sub(r"<code>\1</code>", escaped)
    escaped = _BOLD.sub(r"<strong>\1</strong>", escaped)
    return _LINK.sub(r'<a href="\2">\1</a>', escaped)
