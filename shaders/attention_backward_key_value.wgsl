// dv[j] = Σ_{t≥j} p[t,j]·dout[t], dk[j] = Σ_{t≥j} ds[t,j]·q[t]/√HS with p = exp(q·k/√HS − lse), dp = dout·v,
// ds = p·(dp − delta) (FlashAttention-2, Dao 2023), summed over the NH/KV query heads that share the key.
// qkv, dqkv (B·T, (NH + 2·KV)·HS), dout (B·T, NH·HS), lse, delta (B, NH, T); writes the k and v parts of dqkv.
// One invocation per key (b, key head, j), which sums over its query heads and their queries in order.
struct Params { B: u32, T: u32, NH: u32, KV: u32, HS: u32 }
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> dout: array<f32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(16)
fn attention_backward_key_value(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let T = params.T;
  let HS = params.HS;
  let i = id.y * groups.x * 16u + id.x;
  if (i >= params.B * params.KV * T) { return; }
  let j = i % T;
  let key_head = (i / T) % params.KV;
  let b = i / (T * params.KV);
  let C = params.NH * HS;
  let width = C + 2u * params.KV * HS;
  let k = (b * T + j) * width + C + key_head * HS;
  let v = k + params.KV * HS;
  let scale = inverseSqrt(f32(HS));
  let shared_by = params.NH / params.KV;

  for (var d = 0u; d < HS; d++) {
    dqkv[k + d] = 0.0;
    dqkv[v + d] = 0.0;
  }
  for (var h = key_head * shared_by; h < (key_head + 1u) * shared_by; h++) {
    for (var t = j; t < T; t++) {
      let q = (b * T + t) * width + h * HS;
      let row = (b * T + t) * C + h * HS;
      var score = 0.0;
      var dp = 0.0;
      for (var d = 0u; d < HS; d++) {
        score += qkv[q + d] * qkv[k + d];
        dp += dout[row + d] * qkv[v + d];
      }
      let at = (b * params.NH + h) * T + t;
      let p = exp(score * scale - lse[at]);
      let ds = p * (dp - delta[at]) * scale;
      for (var d = 0u; d < HS; d++) {
        dqkv[v + d] += p * dout[row + d];
        dqkv[k + d] += ds * qkv[q + d];
      }
    }
  }
}
