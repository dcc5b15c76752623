// delta[b,head,t] = Σ_d dout·o: what softmax's backward subtracts from every weight's gradient (Dao et al. 2022).
// o, dout (B·T, NH·HS) → delta (B, NH, T). One invocation per (b, head, t).
struct Params { B: u32, T: u32, NH: u32, HS: u32 }
@group(0) @binding(0) var<storage, read> o: array<f32>;
@group(0) @binding(1) var<storage, read> dout: array<f32>;
@group(0) @binding(2) var<storage, read_write> delta: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(32)
fn attention_backward_delta(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 32u + id.x;
  if (i >= params.B * params.NH * params.T) { return; }
  let t = i % params.T;
  let head = (i / params.T) % params.NH;
  let b = i / (params.T * params.NH);
  let at = ((b * params.T + t) * params.NH + head) * params.HS;
  var sum = 0.0;
  for (var d = 0u; d < params.HS; d++) { sum += dout[at + d] * o[at + d]; }
  delta[i] = sum;
}
