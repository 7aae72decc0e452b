"""The figures of a results page's charts, as its script reads them."""

import json
from collections.abc import Iterator
from typing import Any

Figure = dict[str, Any]


def figures_in(page: str) -> dict[str, Figure]:
    """Return name -> plotly figure, for each chart of a page."""
    inside = page.split('id="figures"')[1].split(">", 1)[1].split("</script>")[0]
    figures: dict[str, Figure] = json.loads(inside)
    return figures


def at_each_width(figure: Figure) -> Iterator[Figure]:
    """Yield the figure as it is drawn at each of `stacked_bars.WIDTHS`, the widest first."""
    for fit in figure["fits"]:
        data = [{**trace, **changes} for trace, changes in zip(figure["data"], fit["data"], strict=True)]
        yield {"data": data, "layout": {**figure["layout"], **fit["layout"]}}
