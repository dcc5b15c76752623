// The product of the layout tn: what becomes of a sum.
struct Params { M: u32, N: u32, K: u32, accumulate: u32, aOffset: u32, bOffset: u32, lda: u32, ldb: u32 }
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

/** c[m, n…n+3] (+)= sum, as far as the row and the columns exist. */
fn store(m: u32, n: u32, sum: vec4f) {
  if (m >= params.M || n >= params.N) { return; }
  let at = m * params.N + n;
  var value = sum;
  if (params.accumulate == 1u) { value += vec4f(c[at], c[at + 1u], c[at + 2u], c[at + 3u]); }
  c[at] = value.x;
  if (n + 1u < params.N) { c[at + 1u] = value.y; }
  if (n + 2u < params.N) { c[at + 2u] = value.z; }
  if (n + 3u < params.N) { c[at + 3u] = value.w; }
}
