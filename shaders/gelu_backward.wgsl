// dh = dg · gelu'(h), in the place of dg; gelu' = ½(1 + t) + ½h(1 - t²)·√(2/π)(1 + 3·0.044715h²), t the clamped tanh.
// h (n), dg (n) → dg (n). One invocation per element.
struct Params { n: u32 }
@group(0) @binding(0) var<storage, read> h: array<f32>;
@group(0) @binding(1) var<storage, read_write> dg: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(256)
fn gelu_backward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  if (i >= params.n) { return; }
  let v = h[i];
  let inner = 0.7978845608 * (v + 0.044715 * v * v * v);
  let t = tanh(clamp(inner, -15.0, 15.0));
  let slope = 0.5 * (1.0 + t) + 0.5 * v * (1.0 - t * t) * 0.7978845608 * (1.0 + 0.134145 * v * v);
  dg[i] *= slope;
}
