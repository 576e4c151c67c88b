"""Text stands out from its ground (WCAG AA, 4.5 : 1), in light and in dark."""

from __future__ import annotations

import pytest

PAGES = (
    *("live", "health", "settings/sources", "settings/sources/2?test=abc", "settings/privacy"),
    *("customers", "customers/3", "customers/3/attributes/one?name=x", "customers/3/erase"),
    *("customers/3/merge?with=5", "customers/identity?status=joined"),
    "customers/identity/decisions",
)
# Colours are read through a canvas, so that every way of writing them is understood.
FAINT = """() => {
  const pen = Object.assign(document.createElement('canvas'), {width: 1, height: 1})
    .getContext('2d', {willReadFrequently: true});
  const read = (colour) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  const light = (colour) => [0.2126, 0.7152, 0.0722].reduce((sum, share, i) => {
    const part = colour[i] / 255;
    return sum + share * (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = read(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim())) continue;
    if (!e.checkVisibility({visibilityProperty: true})) continue;
    if (e.closest('.off,.vh,.skip,:disabled,noscript')) continue;
    const [a, b] = [light(read(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${e.outerHTML.slice(0, 80)}`);
  }
  return found;
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_text_can_be_read(open_page, path, dark):
    page = open_page(f"/b/pond/{path}", dark=dark)
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(FAINT) == []
    page.close()
