// Spans of the recording, {from, to} in milliseconds: what is in view, and how it changes.

const SHORTEST = 20;

/** A span of that length with a share of it before a centre, moved to within the whole. */
function around(centre, share, length, whole) {
  const kept = Math.min(Math.max(length, SHORTEST), Math.max(whole.to - whole.from, SHORTEST));
  const from = Math.max(whole.from, Math.min(centre - kept * share, whole.to - kept));
  return { from, to: from + kept };
}

/** Larger than 1 shows more. What is at `centre` stays where it is on the screen. */
export function zoomed(span, factor, centre, whole) {
  const length = span.to - span.from;
  const inside = centre >= span.from && centre <= span.to;
  return around(centre, inside ? (centre - span.from) / length : 0.5, length * factor, whole);
}

/** A page further where `at` has left the span; else the same span. */
export function following(span, at, whole) {
  if (at >= span.from && at <= span.to) return span;
  return around(at, 0.05, span.to - span.from, whole);
}

/** As much of a span as `length` milliseconds are, with `at` in it if that can be. */
export function cutTo(span, length, at) {
  if (span.to - span.from <= length) return span;
  const from = Math.min(Math.max(span.from, Math.floor(at / length) * length), span.to - length);
  return { from, to: from + length };
}
