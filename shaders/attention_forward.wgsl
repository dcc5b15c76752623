// Causal softmax attention with an online softmax (Milakov and Gimelshein 2018; FlashAttention, Dao 2022):
// s[j] = q·k[j]/√HS for j ≤ t, lse = log Σ exp(s), o = Σ exp(s[j] − lse)·v[j]; no T×T matrix in memory.
// qkv (B·T, (NH + 2·KV)·HS) → o (B·T, NH·HS), lse (B, NH, T); NH/KV neighbouring query heads share a key/value head
// (grouped-query attention, Ainslie et al. 2023). One invocation per query (b, h, t); o holds the running sum.
struct Params { B: u32, T: u32, NH: u32, KV: u32, HS: u32 }
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read_write> o: array<f32>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(16)
fn attention_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let T = params.T;
  let HS = params.HS;
  let i = id.y * groups.x * 16u + id.x;
  if (i >= params.B * params.NH * T) { return; }
  let t = i % T;
  let h = (i / T) % params.NH;
  let first_row = i / (T * params.NH) * T;
  let C = params.NH * HS;
  let width = C + 2u * params.KV * HS;
  let key = first_row * width + C + h / (params.NH / params.KV) * HS; // k of position 0
  let q = (first_row + t) * width + h * HS;
  let out = (first_row + t) * C + h * HS;
  let scale = inverseSqrt(f32(HS));

  for (var d = 0u; d < HS; d++) { o[out + d] = 0.0; }
  var highest = -1e30;
  var sum = 0.0;
  for (var j = 0u; j <= t; j++) {
    let k = key + j * width;
    let v = k + params.KV * HS;
    var score = 0.0;
    for (var d = 0u; d < HS; d++) { score += qkv[q + d] * qkv[k + d]; }
    score *= scale;
    let new_highest = max(highest, score);
    let shrink = exp(highest - new_highest);
    let weight = exp(score - new_highest);
    for (var d = 0u; d < HS; d++) { o[out + d] = o[out + d] * shrink + weight * qkv[v + d]; }
    sum = sum * shrink + weight;
    highest = new_highest;
  }
  for (var d = 0u; d < HS; d++) { o[out + d] /= sum; }
  lse[i] = highest + log(sum);
}
