// dq[t] = Σ_{j≤t} ds[t,j]·k[j]/√HS with p = exp(q·k/√HS − lse), dp = dout·v, ds = p·(dp − delta) (FlashAttention-2, Dao 2023).
// qkv, dqkv (B·T, (NH + 2·KV)·HS), dout (B·T, NH·HS), lse, delta (B, NH, T); writes the q part of dqkv.
// NH/KV neighbouring query heads share a key/value head.
// One invocation per query (b, h, t), which sums over its keys in order.
struct Params { B: u32, T: u32, NH: u32, KV: u32, HS: u32 }
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> dout: array<f32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(16)
fn attention_backward_query(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
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
  let row = (first_row + t) * C + h * HS;
  let scale = inverseSqrt(f32(HS));

  for (var d = 0u; d < HS; d++) { dqkv[q + d] = 0.0; }
  for (var j = 0u; j <= t; j++) {
    let k = key + j * width;
    let v = k + params.KV * HS;
    var score = 0.0;
    var dp = 0.0;
    for (var d = 0u; d < HS; d++) {
      score += qkv[q + d] * qkv[k + d];
      dp += dout[row + d] * qkv[v + d];
    }
    let ds = exp(score * scale - lse[i]) * (dp - delta[i]) * scale;
    for (var d = 0u; d < HS; d++) { dqkv[q + d] += ds * qkv[k + d]; }
  }
}
