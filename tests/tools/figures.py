"""The figures in a results page, as its script reads them."""

import json
from collections.abc import Iterator
from typing import Any

Figure = dict[str, Any]


def figures_in(page: str) -> dict[str, Figure]:
    """Each figure of a page, by its name."""
    inside = page.split('id="figures"')[1].split(">", 1)[1].split("</script>")[0]
    figures: dict[str, Figure] = json.loads(inside)
    return figures


def at_each_width(figure: Figure) -> Iterator[Figure]:
    """The figure as it is drawn at each width, the widest first."""
    for fit in figure["fits"]:
        data = [{**trace, **changes} for trace, changes in zip(figure["data"], fit["data"], strict=True)]
        yield {"data": data, "layout": {**figure["layout"], **fit["layout"]}}
