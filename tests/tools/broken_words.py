"""Words of a page that are broken over two lines."""

BROKEN = """() => {
    const broken = [];
    const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { currentNode: text, currentNode: { parentElement: of } } = texts;
        if (of.closest(".unseen, .word, script, [hidden]") || !of.checkVisibility()) continue;
        for (const { index, 0: word } of text.data.matchAll(/[^\\s\\/-]+/g)) {
            const range = document.createRange();
            range.setStart(text, index);
            range.setEnd(text, index + word.length);
            const lines = [...range.getClientRects()].map(({ bottom }) => Math.round(bottom / 8));
            if (new Set(lines).size > 1) broken.push(word);
        }
    }
    return broken;
}"""
"""Words that stand on two lines."""
