// dq[t] = Σ_{s≤t} p·(dout·v[s] - delta[t])·k[s]/√HS with p = exp(q·k/√HS - lse). The q third of dqkv.
// qkv (B·T, 3·NH·HS), dout (B·T, NH·HS), lse, delta (B, NH, T) → dqkv. One invocation per (b, head, t).
struct Params { B: u32, T: u32, NH: u32, HS: u32 }
@group(0) @binding(0) var<storage, read> qkv: array<f32>;
@group(0) @binding(1) var<storage, read> dout: array<f32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(32)
fn attention_backward_query(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 32u + id.x;
  if (i >= params.B * params.NH * params.T) { return; }
  let T = params.T;
  let HS = params.HS;
  let t = i % T;
  let head = (i / T) % params.NH;
  let b = i / (T * params.NH);
  let width = params.NH * HS;
  let q = (b * T + t) * 3u * width + head * HS;
  let grad = (b * T + t) * width + head * HS;
  let scale = inverseSqrt(f32(HS));
  for (var d = 0u; d < HS; d++) { dqkv[q + d] = 0.0; }
  for (var s = 0u; s <= t; s++) {
    let k = (b * T + s) * 3u * width + width + head * HS;
    let v = k + width;
    var score = 0.0;
    var dp = 0.0;
    for (var d = 0u; d < HS; d++) {
      score += qkv[q + d] * qkv[k + d];
      dp += dout[grad + d] * qkv[v + d];
    }
    let ds = exp(score * scale - lse[i]) * (dp - delta[i]) * scale;
    for (var d = 0u; d < HS; d++) { dqkv[q + d] += ds * qkv[k + d]; }
  }
}
