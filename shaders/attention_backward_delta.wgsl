// delta[b,h,t] = Σ_d dout·o: what the softmax's backward subtracts from every dp (FlashAttention-2, Dao 2023).
// o, dout (B·T, NH·HS) → delta (B, NH, T). One invocation per (b, h, t).
struct Params { B: u32, T: u32, NH: u32, HS: u32 }
@group(0) @binding(0) var<storage, read> o: array<f32>;
@group(0) @binding(1) var<storage, read> dout: array<f32>;
@group(0) @binding(2) var<storage, read_write> delta: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn attention_backward_delta(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.B * params.NH * params.T) { return; }
  let t = i % params.T;
  let h = (i / params.T) % params.NH;
  let b = i / (params.T * params.NH);
  let row = ((b * params.T + t) * params.NH + h) * params.HS;
  var sum = 0.0;
  for (var d = 0u; d < params.HS; d++) { sum += dout[row + d] * o[row + d]; }
  delta[i] = sum;
}
