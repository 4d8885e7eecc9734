// What is in view stands in the address, after the #: a reload shows the same, and a link to it can be kept.

/** {from, to, product}, as far as the address has them. */
export function keptView() {
  const kept = new URLSearchParams(location.hash.slice(1));
  const [from, to] = [kept.get("from"), kept.get("to")].map((text) => (text === null ? Number.NaN : Number(text)));
  return { span: from >= 0 && to > from ? { from, to } : null, product: kept.get("product") };
}

/** Keep it; a span that is the whole needs no place. */
export function keepView(span, product, whole) {
  const kept = new URLSearchParams();
  if (span.from > whole.from || span.to < whole.to) {
    kept.set("from", span.from.toFixed(1));
    kept.set("to", span.to.toFixed(1));
  }
  if (product) kept.set("product", product);
  history.replaceState(null, "", `#${kept}`);
}
