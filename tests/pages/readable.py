"""What a page must not have for those who see badly or not at all, as JavaScript that gives what it found."""

from __future__ import annotations

FAINT = """() => {
  const channels = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const over = (top, under, cover) => top.slice(0, 3).map((value, i) => cover * value + (1 - cover) * under[i]);
  const parent = (node) => node.parentElement || node.getRootNode().host || null;
  const behind = (node) => {
    for (let one = node; one; one = parent(one)) {
      const found = channels(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const faint = [];
  const look = (root) => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) look(node.shadowRoot);
      const text = [...node.childNodes].filter((one) => one.nodeType === 3).map((one) => one.data.trim()).join('');
      if (!text || !node.checkVisibility() || /^(SCRIPT|STYLE|OPTION)$/.test(node.tagName) || node.disabled) continue;
      let cover = 1;
      for (let one = node; one; one = parent(one)) cover *= Number(getComputedStyle(one).opacity);
      const page = behind(node);
      const ink = over(channels(getComputedStyle(node).color), page, cover);
      const [a, b] = [light(ink), light(page)].sort((x, y) => y - x);
      if ((a + 0.05) / (b + 0.05) < 4.5) faint.push(`${text.slice(0, 40)}: ${((a + 0.05) / (b + 0.05)).toFixed(2)}`);
    }
  };
  look(document);
  return faint;
}"""
"""Texts whose contrast with what lies behind them is below 4.5, as WCAG 2 computes it; in shadow roots too."""

NAMELESS = """() => {
  const found = [];
  const look = (root) => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) look(node.shadowRoot);
      if (!node.checkVisibility()) continue;
      if (!node.matches('button, a, input, select, audio, summary, [tabindex="0"], [role="img"]')) continue;
      const labelled = node.getAttribute('aria-label') || node.labels?.length || node.textContent.trim();
      if (!labelled) found.push(node.outerHTML.slice(0, 120));
    }
  };
  look(document);
  return found;
}"""
"""Things to press, to enter or to look at that a screen reader could not name."""
