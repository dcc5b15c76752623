// The product of the layouts nn and nt: what becomes of a sum.
struct Params { M: u32, N: u32, K: u32, useBias: u32, accumulate: u32, aOffset: u32, cOffset: u32, lda: u32, ldc: u32 }
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

/** What is added to the columns n … n+3 of every row. */
fn offset_of_columns(n: u32) -> vec4f {
  if (params.useBias == 0u) { return vec4f(); }
  return vec4f(bias[n], bias[n + 1u], bias[n + 2u], bias[n + 3u]);
}

/** c[m, n…n+3] (+)= sum, as far as the row and the columns exist. */
fn store(m: u32, n: u32, sum: vec4f) {
  if (m >= params.M || n >= params.N) { return; }
  let at = params.cOffset + m * params.ldc + n;
  var value = sum;
  if (params.accumulate == 1u) { value += vec4f(c[at], c[at + 1u], c[at + 2u], c[at + 3u]); }
  c[at] = value.x;
  if (n + 1u < params.N) { c[at + 1u] = value.y; }
  if (n + 2u < params.N) { c[at + 2u] = value.z; }
  if (n + 3u < params.N) { c[at + 3u] = value.w; }
}
