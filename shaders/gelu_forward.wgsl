// g = ½h(1 + tanh(√(2/π)(h + 0.044715h³))), GPT-2's form; the argument is clamped, since tanh may overflow inside.
// h (n) → g (n). One invocation per element.
struct Params { n: u32 }
@group(0) @binding(0) var<storage, read> h: array<f32>;
@group(0) @binding(1) var<storage, read_write> g: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(256)
fn gelu_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  if (i >= params.n) { return; }
  let v = h[i];
  let inner = 0.7978845608 * (v + 0.044715 * v * v * v);
  g[i] = 0.5 * v * (1.0 + tanh(clamp(inner, -15.0, 15.0)));
}
