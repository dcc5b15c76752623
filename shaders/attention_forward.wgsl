// Causal softmax attention with an online softmax (Milakov & Gimelshein 2018; Dao et al. 2022): o = softmax(q·kᵀ/√HS)·v,
// lse = log Σ exp(scores), and no T×T matrix anywhere.
// qkv (B·T, 3·NH·HS) = (q | k | v) → o (B·T, NH·HS), lse (B, NH, T). One invocation per (b, head, t): two passes over the
// keys, first maximum and sum, then the weighted values, channel by channel in o itself.
struct Params { B: u32, T: u32, NH: u32, HS: u32 }
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read_write> o: array<f32>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(32)
fn attention_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 32u + id.x;
  if (i >= params.B * params.NH * params.T) { return; }
  let T = params.T;
  let HS = params.HS;
  let t = i % T;
  let head = (i / T) % params.NH;
  let b = i / (T * params.NH);
  let width = params.NH * HS;
  let q = (b * T + t) * 3u * width + head * HS;
  let scale = inverseSqrt(f32(HS));
  let out = (b * T + t) * width + head * HS;
  for (var d = 0u; d < HS; d++) { o[out + d] = 0.0; }
  var highest = -1e30;
  var sum = 0.0;
  for (var s = 0u; s <= t; s++) {
    let k = (b * T + s) * 3u * width + width + head * HS;
    var score = 0.0;
    for (var d = 0u; d < HS; d++) { score += qkv[q + d] * qkv[k + d]; }
    score *= scale;
    let raised = max(highest, score);
    let keep = exp(highest - raised);
    let weight = exp(score - raised);
    sum = sum * keep + weight;
    highest = raised;
    let v = k + width;
    for (var d = 0u; d < HS; d++) { o[out + d] = o[out + d] * keep + weight * qkv[v + d]; }
  }
  for (var d = 0u; d < HS; d++) { o[out + d] /= sum; }
  lse[i] = highest + log(sum);
}
